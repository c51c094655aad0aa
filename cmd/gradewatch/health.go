package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gradewatch/gradewatch/internal/config"
)

// healthCommand asks the program that runs on this machine whether it serves.
type healthCommand struct {
	Address string `placeholder:"HOST:PORT" help:"Where it listens. Default: GRADEWATCH_LISTEN."`
}

// Run ends with code 0 if /healthz answers 200 within three seconds.
func (c *healthCommand) Run(ctx context.Context, term *terminal) error {
	address := c.Address
	if address == "" {
		// This setting alone: what else is wrong, or missing as HOME is in a
		// container, does not keep anybody from asking.
		environment := map[string]string{}
		if listen := term.env("GRADEWATCH_LISTEN"); listen != "" {
			environment["GRADEWATCH_LISTEN"] = listen
		}
		read, err := config.Load(environment)
		if err != nil {
			return err
		}
		address = read.Listen
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return &usageError{fmt.Errorf("--address %q is no address and port: %w", address, err)}
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if err := askHealth(ctx, "http://"+net.JoinHostPort(host, port)+"/healthz"); err != nil {
		return err
	}
	_, err = fmt.Fprintln(term.out, "ok")
	return err
}

func askHealth(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	// No proxy and no kept connection: it is our own machine, once.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 200)) // it only explains
		return fmt.Errorf("not healthy: %s answers %s: %s", url, response.Status, text)
	}
	return nil
}
