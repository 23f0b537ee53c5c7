// Command [[ name ]] answers HTTP requests. Replace what `hello` does; the rest is what the platform relies on.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, log); err != nil {
		log.Error("stopped", "error", err, "trace_id", "")
		os.Exit(1)
	}
}

// run serves until the context ends, and then answers what is in flight.
func run(ctx context.Context, log *slog.Logger) error {
	var metrics metrics
	servers := []*http.Server{
		{Addr: ":" + env("PORT", "[[ port ]]"), Handler: api(&metrics, log), ReadHeaderTimeout: 5 * time.Second},
		{Addr: ":" + env("METRICS_PORT", "[[ metrics_port ]]"), Handler: &metrics, ReadHeaderTimeout: 5 * time.Second},
	}
	failed := make(chan error, len(servers))
	for _, server := range servers {
		go func() { failed <- server.ListenAndServe() }()
		log.Info("listening", "address", server.Addr, "trace_id", "")
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// The grace period of the pod, less its preStop hook.
	limit, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	var err error
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(limit))
	}
	return err
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// api has the endpoints of the service, and those that the kubelet asks.
func api(metrics *metrics, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", hello)
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /alive", ok)
	// Let it fail while something is missing without which no request can be answered.
	mux.HandleFunc("GET /ready", ok)
	return observed(mux, metrics, log)
}

func hello(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "hello from [[ name ]]")
}

// observed counts and logs each request.
func observed(next http.Handler, metrics *metrics, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/alive" || r.URL.Path == "/ready" {
			next.ServeHTTP(w, r)
			return
		}
		start := time.Now()
		answer := &answer{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(answer, r)
		metrics.add(answer.code, time.Since(start))
		log.Info("request", "method", r.Method, "path", r.URL.Path, "code", answer.code, "trace_id", traceOf(r))
	})
}

// answer remembers the status code.
type answer struct {
	http.ResponseWriter
	code int
}

func (a *answer) WriteHeader(code int) {
	a.code = code
	a.ResponseWriter.WriteHeader(code)
}

// traceOf is the trace of a W3C traceparent header, such as 00-<trace>-<span>-01.
func traceOf(r *http.Request) string {
	if parent := r.Header.Get("traceparent"); len(parent) == 55 {
		return parent[3:35]
	}
	return ""
}

// metrics counts answers by status code; Prometheus scrapes them.
type metrics struct {
	byCode      [600]atomic.Uint64
	nanoseconds atomic.Int64
	count       atomic.Uint64
}

func (m *metrics) add(code int, took time.Duration) {
	if code >= 0 && code < len(m.byCode) {
		m.byCode[code].Add(1)
	}
	m.nanoseconds.Add(int64(took))
	m.count.Add(1)
}

func (m *metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for code := range m.byCode {
		if count := m.byCode[code].Load(); count > 0 {
			fmt.Fprintf(w, "http_requests_total{code=\"%d\"} %d\n", code, count)
		}
	}
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds summary")
	fmt.Fprintf(w, "http_request_duration_seconds_sum %g\n", time.Duration(m.nanoseconds.Load()).Seconds())
	fmt.Fprintf(w, "http_request_duration_seconds_count %d\n", m.count.Load())
}
