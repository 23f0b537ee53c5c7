// Command [[ name ]] works through items. Replace what `next` does; the rest is what the platform relies on.
package main

import (
	"context"
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

// run works until the context ends. The item in work is finished.
func run(ctx context.Context, log *slog.Logger) error {
	var worker worker
	server := &http.Server{
		Addr:              ":" + env("METRICS_PORT", "[[ metrics_port ]]"),
		Handler:           worker.endpoints(),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Info("working", "address", server.Addr, "trace_id", "")
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return server.Shutdown(context.Background())
		case <-time.After(time.Second):
			worker.work(log)
		}
	}
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// worker counts what it did; Prometheus scrapes that.
type worker struct {
	done, failed atomic.Uint64
}

// next takes an item from the queue and processes it.
func next() (trace string, err error) {
	return "", nil
}

func (w *worker) work(log *slog.Logger) {
	trace, err := next()
	if err != nil {
		w.failed.Add(1)
		log.Error("item failed", "error", err, "trace_id", trace)
		return
	}
	w.done.Add(1)
}

// endpoints are those that the kubelet and Prometheus ask.
func (w *worker) endpoints() http.Handler {
	mux := http.NewServeMux()
	ok := func(answer http.ResponseWriter, _ *http.Request) { fmt.Fprintln(answer, "ok") }
	mux.HandleFunc("GET /alive", ok)
	// Let it fail while the queue cannot be reached.
	mux.HandleFunc("GET /ready", ok)
	mux.HandleFunc("GET /metrics", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(answer, "# TYPE worker_items_total counter")
		fmt.Fprintf(answer, "worker_items_total{result=\"ok\"} %d\n", w.done.Load())
		fmt.Fprintf(answer, "worker_items_total{result=\"error\"} %d\n", w.failed.Load())
	})
	return mux
}
