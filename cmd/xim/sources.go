package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/xim-monitor/xim/cmd/xim/internal/pipeline"
	"github.com/xim-monitor/xim/cmd/xim/internal/source"
)

// sourceOptions are the flags that say where alerts come from.
type sourceOptions struct {
	files  []string
	follow bool

	grpc          []string
	cert, key, ca string

	listen             []string
	token              string
	listenCert         string
	listenKey          string
	listenCA           string
	listenWithoutGuard bool
}

func (o *sourceOptions) register(f *pflag.FlagSet) {
	f.StringArrayVar(&o.listen, "listen", nil, "receive Falco's http_output at `HOST:PORT` or unix:PATH (may be repeated)")
	f.StringVar(&o.token, "listen-token-file", "", "want the bearer token that is in `FILE`")
	f.StringVar(&o.listenCert, "listen-cert", "", "receive over TLS, with the certificate in `FILE` (PEM)")
	f.StringVar(&o.listenKey, "listen-key", "", "the certificate's key, in `FILE`")
	f.StringVar(&o.listenCA, "listen-client-ca", "", "want a client certificate signed by the authority in `FILE`")
	f.BoolVar(&o.listenWithoutGuard, "listen-insecure", false, "listen on other than loopback without a token or TLS: anybody may send alerts")
	f.StringArrayVar(&o.grpc, "grpc", nil, "subscribe to Falco's (up to 0.43) gRPC at `ADDRESS`, unix:///path or host:port (may be repeated)")
	f.StringVar(&o.cert, "cert", "", "the client certificate for --grpc host:port, in `FILE` (PEM)")
	f.StringVar(&o.key, "key", "", "its key, in `FILE`")
	f.StringVar(&o.ca, "ca", "", "the authority that signed Falco's certificate, in `FILE`")
	f.StringArrayVar(&o.files, "file", nil, "read JSON lines from `FILE`, - for standard input (may be repeated)")
	f.BoolVar(&o.follow, "follow", false, "go on reading files as they grow, are rotated or cut")
}

// feeds opens the sources, so that what cannot work fails before anything runs.
func (o *sourceOptions) feeds() (feeds []feed, err error) {
	if len(o.files)+len(o.listen)+len(o.grpc) == 0 {
		if term.IsTerminal(int(os.Stdin.Fd())) {
			logf("reading alerts from the terminal; see \"xim watch --help\" for other sources")
		}
		o.files = []string{"-"}
	}
	for _, path := range o.files {
		if path == "-" {
			in := &source.Reader{Name: "standard input", From: os.Stdin}
			feeds = append(feeds, feed{pipeline.Stdin, func(_ context.Context, to *pipeline.Intake) error { return in.Run(to) }})
			continue
		}
		file := &source.File{Path: path, Follow: o.follow}
		if err := file.Open(); err != nil {
			return nil, cannotStart(fmt.Errorf("alerts: %w", err))
		}
		feeds = append(feeds, feed{pipeline.File, file.Run})
	}
	for _, address := range o.grpc {
		g := &source.GRPC{Address: address, Cert: o.cert, Key: o.key, CA: o.ca}
		if err := g.Prepare(); err != nil {
			return nil, startError("--grpc", err)
		}
		feeds = append(feeds, feed{pipeline.GRPC, g.Run})
	}
	return o.listeners(feeds)
}

func (o *sourceOptions) listeners(feeds []feed) ([]feed, error) {
	if len(o.listen) == 0 {
		return feeds, nil
	}
	token, err := readToken(o.token)
	if err != nil {
		return nil, cannotStart(fmt.Errorf("--listen-token-file: %w", err))
	}
	guard, err := o.serverTLS()
	if err != nil {
		return nil, err
	}
	for _, address := range o.listen {
		h := &source.HTTP{Address: address, Token: token, TLS: guard, Open: o.listenWithoutGuard}
		if err := h.Listen(); err != nil {
			return nil, startError("--listen", err)
		}
		feeds = append(feeds, feed{pipeline.HTTP, h.Run})
	}
	return feeds, nil
}

// startError is the error of what a flag asked for and could not be had.
func startError(flag string, err error) error {
	var wrong source.OptionError
	if errors.As(err, &wrong) {
		return usage("%s %w", flag, err)
	}
	return cannotStart(fmt.Errorf("%s: %w", flag, err))
}

func (o *sourceOptions) serverTLS() (*tls.Config, error) {
	if o.listenCert == "" && o.listenKey == "" && o.listenCA == "" {
		return nil, nil
	}
	if o.listenCert == "" || o.listenKey == "" {
		return nil, usage("TLS needs both --listen-cert and --listen-key")
	}
	pair, err := tls.LoadX509KeyPair(o.listenCert, o.listenKey)
	if err != nil {
		return nil, cannotStart(fmt.Errorf("--listen-cert: %w", err))
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if o.listenCA != "" {
		c.ClientAuth = tls.RequireAndVerifyClientCert
		if c.ClientCAs, err = readAuthorities(o.listenCA); err != nil {
			return nil, cannotStart(fmt.Errorf("--listen-client-ca: %w", err))
		}
	}
	return c, nil
}

func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in it", path)
	}
	return pool, nil
}

// readToken reads a secret from a file: on the command line everybody sees it.
func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return "", fmt.Errorf("%s: it is empty", path)
	}
	return string(text), nil
}
