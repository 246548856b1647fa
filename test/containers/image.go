package containers

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// imageRef names the one image, of pods' sandboxes and of containers. The host in it
// does not exist: an image that is missing must not be fetched.
const imageRef = "xim.invalid/busybox:test"

// importImage puts the image where plain containers and where pods look for it.
func (rt *Runtime) importImage() {
	rt.t.Helper()
	image, err := makeImage(rt.commands.busybox)
	if err != nil {
		rt.t.Fatal(err)
	}
	ctx, cancel := rt.bounded()
	defer cancel()
	for _, namespace := range []string{namespacePlain, namespacePods} {
		if err := rt.ctr(ctx, namespace, image, "images", "import", "--snapshotter", "native", "-"); err != nil {
			rt.t.Fatal(err)
		}
	}
	// The CRI plugin learns of the import by an event.
	err = poll(ctx, func() (bool, error) {
		status, err := rt.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: imageRef}})
		return status.GetImage() != nil, err
	})
	if err != nil {
		rt.t.Fatalf("the CRI does not see the image: %v", err)
	}
}

// makeImage returns an archive in OCI's layout with one image of one layer. What it
// runs if told nothing is the first process of a sandbox, and of a container that is
// there for Exec.
func makeImage(busybox string) ([]byte, error) {
	type object = map[string]any
	const vnd = "application/vnd.oci.image."
	var archive []entry
	blob := func(mediaType string, content []byte) object {
		sum := fmt.Sprintf("%x", sha256.Sum256(content))
		archive = append(archive, entry{name: "blobs/sha256/" + sum, content: content})
		return object{"mediaType": mediaType, "digest": "sha256:" + sum, "size": len(content)}
	}

	layerTar, err := makeLayer(busybox)
	if err != nil {
		return nil, err
	}
	layer := blob(vnd+"layer.v1.tar", layerTar)
	config := blob(vnd+"config.v1+json", toJSON(object{
		"os":           "linux",
		"architecture": runtime.GOARCH,
		"config":       object{"Env": []string{"PATH=/bin"}, "Cmd": []string{"sleep", "100000"}},
		"rootfs":       object{"type": "layers", "diff_ids": []any{layer["digest"]}},
	}))
	manifest := blob(vnd+"manifest.v1+json", toJSON(object{
		"schemaVersion": 2,
		"config":        config,
		"layers":        []any{layer},
	}))
	manifest["annotations"] = object{"io.containerd.image.name": imageRef}
	archive = append(archive,
		entry{name: "oci-layout", content: toJSON(object{"imageLayoutVersion": "1.0.0"})},
		entry{name: "index.json", content: toJSON(object{"schemaVersion": 2, "manifests": []any{manifest}})})
	return toTar(archive)
}

// makeLayer returns a root directory with busybox under all names it answers to.
func makeLayer(busybox string) ([]byte, error) {
	program, err := os.ReadFile(busybox)
	if err != nil {
		return nil, err
	}
	applets, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --list: %w", busybox, err)
	}
	layer := []entry{{name: "bin/"}, {name: "etc/"}, {name: "tmp/"}, {name: "bin/busybox", content: program}}
	for _, applet := range strings.Fields(string(applets)) {
		if applet != "busybox" {
			layer = append(layer, entry{name: "bin/" + applet, link: "busybox"})
		}
	}
	return toTar(layer)
}

// An entry is a directory if its name ends with a slash, a symbolic link if it says
// where to, else a file.
type entry struct {
	name    string
	link    string
	content []byte
}

func toTar(entries []entry) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Linkname: e.link, Mode: 0o755, Size: int64(len(e.content))}
		if e.link != "" {
			header.Typeflag = tar.TypeSymlink
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}

// toJSON encodes what can always be encoded: maps, lists, strings and numbers.
func toJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}
