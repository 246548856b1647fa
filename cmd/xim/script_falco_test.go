package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/falcosecurity/client-go/pkg/api/outputs"
	"github.com/falcosecurity/client-go/pkg/api/schema"
	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that lenient wraps
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// falcoServer serves the outputs service as Falco does: in answer to a request
// it sends what is in its one queue.
type falcoServer struct {
	outputs.UnimplementedServiceServer
	queue  chan wire
	server *grpc.Server
}

func (f *falcoServer) Sub(stream outputs.Service_SubServer) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		for more := true; more; {
			select {
			case r := <-f.queue:
				if err := stream.SendMsg(r); err != nil {
					return err
				}
			default:
				more = false
			}
		}
	}
}

// cmdFalco starts a server, with mutual TLS where a folder of certificates is
// named: falco NAME unix:PATH|HOST:PORT [DIR]. $NAME is its address.
func cmdFalco(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 3, "falco NAME ADDRESS [DIR]")
	network, address := "tcp", a[1]
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", ts.MkAbs(path)
	}
	l, err := net.Listen(network, address)
	ts.Check(err)
	opts := []grpc.ServerOption{grpc.ForceServerCodecV2(lenient{encoding.GetCodecV2("proto")})}
	if len(a) == 3 {
		dir := ts.MkAbs(a[2])
		c := clientTLS(ts, dir, "server")
		c.ClientCAs, c.ClientAuth = c.RootCAs, tls.RequireAndVerifyClientCert
		opts = append(opts, grpc.Creds(credentials.NewTLS(c)))
	}
	f := &falcoServer{queue: make(chan wire, 100), server: grpc.NewServer(opts...)}
	outputs.RegisterServiceServer(f.server, f)
	go f.server.Serve(l)
	ts.Defer(f.server.Stop)
	ts.Value(servers{}).(map[string]any)[a[0]] = f
	ts.Setenv(a[0], l.Addr().String())
}

// cmdHangup stops a server and all its connections: hangup NAME.
func cmdHangup(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 1, 1, "hangup NAME")
	ts.Value(servers{}).(map[string]any)[a[0]].(*falcoServer).server.Stop()
}

// cmdFrames queues alerts: frames NAME FILE. The file has Falco's JSON; what is a
// list or a number there is a text here, as Falco makes it. A rule "raw" stands
// for a frame that is no message, %f in a text for two bytes that are not UTF-8.
func cmdFrames(ts *testscript.TestScript, neg bool, a []string) {
	args(ts, neg, a, 2, 2, "frames NAME FILE")
	f := ts.Value(servers{}).(map[string]any)[a[0]].(*falcoServer)
	for _, line := range bytes.Split([]byte(strings.TrimSpace(ts.ReadFile(a[1]))), []byte("\n")) {
		var in struct {
			Time                             time.Time
			Rule, Priority, Source, Hostname string
			Output                           string
			Tags                             []string
			Fields                           map[string]any `json:"output_fields"`
		}
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		ts.Check(d.Decode(&in))
		r := &outputs.Response{
			Time: timestamppb.New(in.Time), Rule: in.Rule, Output: in.Output, Hostname: in.Hostname, Source: in.Source, Tags: in.Tags,
			Priority: schema.Priority(schema.Priority_value[strings.ToUpper(in.Priority)]), OutputFields: make(map[string]string),
		}
		for k, v := range in.Fields {
			switch v := v.(type) {
			case nil:
				r.OutputFields[k] = "<NA>"
			case []any:
				items := make([]string, len(v))
				for i := range v {
					items[i] = fmt.Sprint(v[i])
				}
				text := "(" + strings.Join(items, ",") + ")"
				r.OutputFields[k] = text[:min(len(text), 1023)]
			case string:
				r.OutputFields[k] = v
			default:
				r.OutputFields[k] = fmt.Sprint(v)
			}
		}
		text, err := proto.Marshal(r)
		ts.Check(err)
		if r.Rule == "raw" {
			text = []byte{0x0a, 0xff}
		}
		f.queue <- bytes.ReplaceAll(text, []byte("%f"), []byte("\xff\xfe"))
	}
}

// wire is a message as it goes over the wire.
type wire []byte

// lenient sends such messages as they are: Falco's C++ does not mind a text that
// is not UTF-8, and the Go library does.
type lenient struct{ encoding.CodecV2 }

func (l lenient) Marshal(v any) (mem.BufferSlice, error) {
	if w, ok := v.(wire); ok {
		return mem.BufferSlice{mem.SliceBuffer(w)}, nil
	}
	return l.CodecV2.Marshal(v)
}
