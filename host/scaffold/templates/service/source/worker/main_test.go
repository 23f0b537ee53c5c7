package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestItemsAreCountedAndProbesAnswered(t *testing.T) {
	var worker worker
	worker.work(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	for path, text := range map[string]string{
		"/alive":   "ok",
		"/ready":   "ok",
		"/metrics": "worker_items_total{result=\"ok\"} 1\n",
	} {
		answer := httptest.NewRecorder()
		worker.endpoints().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), text) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
