package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPost sends a file as Falco's http_output does, and wants a status code, or
// "refused" for a connection that fails.
func cmdPost(ts *testscript.TestScript, neg bool, a []string) {
	const usage = "post [-token T] [-gzip] [-get] [-tls DIR] [-cert NAME] URL FILE CODE"
	var token, dir, cert string
	method := http.MethodPost
	zipped := false
	for len(a) > 0 && strings.HasPrefix(a[0], "-") {
		switch a[0] {
		case "-gzip":
			zipped = true
		case "-get":
			method = http.MethodGet
		case "-token":
			token, a = a[1], a[1:]
		case "-tls":
			dir, a = ts.MkAbs(a[1]), a[1:]
		case "-cert":
			cert, a = a[1], a[1:]
		}
		a = a[1:]
	}
	args(ts, neg, a, 3, 3, usage)
	transport := &http.Transport{DisableKeepAlives: true}
	url := a[0]
	if path, ok := strings.CutPrefix(url, "http+unix:"); ok {
		url = "http://falco/"
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", ts.MkAbs(path))
		}
	}
	if dir != "" {
		transport.TLSClientConfig = clientTLS(ts, dir, cert)
	}
	body := []byte(ts.ReadFile(a[1]))
	if zipped {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(body)
		z.Close()
		body = b.Bytes()
	}
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/json")
	if zipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{Transport: transport, Timeout: patience}
	resp, err := client.Do(req)
	got := "refused"
	if err == nil {
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		ts.Logf("%s: %s", resp.Status, text)
		got = strconv.Itoa(resp.StatusCode)
	} else {
		ts.Logf("%v", err)
	}
	if got != a[2] {
		ts.Fatalf("got %s, want %s", got, a[2])
	}
}

// cmdFetch gets a page, again until it matches: fetch URL REGEXP.
func cmdFetch(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "fetch URL REGEXP")
	want, err := regexp.Compile(a[1])
	ts.Check(err)
	var page []byte
	for end := time.Now().Add(patience); time.Now().Before(end) && !want.Match(page); {
		resp, err := http.Get(a[0])
		ts.Check(err)
		page, err = io.ReadAll(resp.Body)
		ts.Check(err)
		resp.Body.Close()
	}
	_, err = ts.Stdout().Write(page)
	ts.Check(err)
}

func clientTLS(ts *testscript.TestScript, dir, cert string) *tls.Config {
	pool, err := readAuthorities(filepath.Join(dir, "ca.pem"))
	ts.Check(err)
	c := &tls.Config{RootCAs: pool}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(filepath.Join(dir, cert+".pem"), filepath.Join(dir, cert+".key"))
		ts.Check(err)
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// cmdCerts makes an authority, certificates of it for a server and a client, and
// one for a client that it did not sign.
func cmdCerts(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 1, 1, "certs DIR")
	dir := ts.MkAbs(a[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ca, caKey := makeCert(ts, dir, "ca", nil, nil)
	makeCert(ts, dir, "server", ca, caKey)
	makeCert(ts, dir, "client", ca, caKey)
	makeCert(ts, dir, "other", nil, nil)
}

func makeCert(ts *testscript.TestScript, dir, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	ts.Check(err)
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IsCA:        parent == nil, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if parent == nil {
		parent, parentKey = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	ts.Check(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	made, err := x509.ParseCertificate(der)
	ts.Check(err)
	return made, key
}

// webhook is the other side of --forward.
type webhook struct {
	mu     sync.Mutex
	more   *sync.Cond
	code   int
	tried  int
	bodies []string
}

// cmdSink starts a webhook; $NAME is its URL.
func cmdSink(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 1, 1, "sink NAME")
	w := &webhook{code: http.StatusOK}
	w.more = sync.NewCond(&w.mu)
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.tried++
		if w.code == http.StatusOK {
			w.bodies = append(w.bodies, string(body))
		}
		w.more.Broadcast()
		rw.WriteHeader(w.code)
	}))
	ts.Defer(s.Close)
	ts.Value(servers{}).(map[string]any)[a[0]] = w
	ts.Setenv(a[0], s.URL)
}

// cmdAnswer sets what a webhook answers from now on: answer NAME CODE.
func cmdAnswer(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "answer NAME CODE")
	w := ts.Value(servers{}).(map[string]any)[a[0]].(*webhook)
	code, err := strconv.Atoi(a[1])
	ts.Check(err)
	w.mu.Lock()
	w.code = code
	w.mu.Unlock()
}

// cmdReceived waits until a webhook took N bodies, then writes them to a file,
// one a line: received NAME N FILE.
func cmdReceived(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 3, 3, "received NAME N FILE")
	w := ts.Value(servers{}).(map[string]any)[a[0]].(*webhook)
	n, err := strconv.Atoi(a[1])
	ts.Check(err)
	late := false
	defer time.AfterFunc(patience, func() {
		w.mu.Lock()
		late = true
		w.mu.Unlock()
		w.more.Broadcast()
	}).Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.bodies) < n && !late {
		w.more.Wait()
	}
	if len(w.bodies) != n {
		ts.Fatalf("%d bodies came, want %d", len(w.bodies), n)
	}
	ts.Check(os.WriteFile(ts.MkAbs(a[2]), []byte(strings.Join(w.bodies, "\n")+"\n"), 0o600))
}
