package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestsAreAnsweredCountedAndLogged(t *testing.T) {
	var metrics metrics
	var lines bytes.Buffer
	handler := api(&metrics, slog.New(slog.NewJSONHandler(&lines, nil)))

	for path, code := range map[string]int{"/": 200, "/nothing": 404, "/alive": 200, "/ready": 200} {
		request := httptest.NewRequest(http.MethodGet, path, nil)
		request.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		if answer.Code != code {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}

	scraped := httptest.NewRecorder()
	metrics.ServeHTTP(scraped, nil)
	for _, line := range []string{"http_requests_total{code=\"200\"} 1\n", "http_requests_total{code=\"404\"} 1\n"} {
		if !strings.Contains(scraped.Body.String(), line) {
			t.Errorf("%q is not in %s", line, scraped.Body)
		}
	}
	var line struct{ Level, Msg, Trace_ID string }
	if err := json.NewDecoder(&lines).Decode(&line); err != nil || line.Level != "INFO" || line.Msg != "request" ||
		line.Trace_ID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("%+v, %v", line, err)
	}
}
