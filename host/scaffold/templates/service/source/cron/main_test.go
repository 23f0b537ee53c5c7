package main

import (
	"context"
	"testing"
)

func TestARunEndsWhenItIsToldTo(t *testing.T) {
	if err := work(t.Context()); err != nil {
		t.Error(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if work(ended) == nil {
		t.Error("the run goes on")
	}
}
