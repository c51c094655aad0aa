package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// requestMetrics counts requests by route. A nil one counts nothing.
type requestMetrics struct{ durations *prometheus.HistogramVec }

func newRequestMetrics(registerer prometheus.Registerer) (*requestMetrics, error) {
	if registerer == nil {
		return nil, nil
	}
	durations := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "gradewatch_http_request_duration_seconds", Help: "How long requests took, by route and status.",
		Buckets: prometheus.DefBuckets,
	}, []string{"method", "route", "status"})
	if err := registerer.Register(durations); err != nil {
		return nil, fmt.Errorf("register the metrics of requests: %w", err)
	}
	return &requestMetrics{durations: durations}, nil
}

func (m *requestMetrics) observe(method, route string, status int, took time.Duration) {
	if m == nil {
		return
	}
	switch method {
	case "GET", "HEAD", "POST":
	default:
		method = "other" // a client must not make up label values
	}
	m.durations.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}
