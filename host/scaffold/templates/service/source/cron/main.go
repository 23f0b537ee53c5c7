// Command [[ name ]] does its work once and ends. Replace what `work` does.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	// Kubernetes sends SIGTERM where the run takes longer than it may.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := work(ctx); err != nil {
		log.Error("the run failed", "error", err, "trace_id", "")
		os.Exit(1)
	}
	log.Info("the run is complete", "trace_id", "")
}

// work may be started twice for one run, so that the second time must do no harm.
func work(ctx context.Context) error {
	return ctx.Err()
}
