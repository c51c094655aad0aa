package pgembed

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childFolder makes the test binary a program that runs a private Postgres
// until its standard input ends: something that a test can kill.
const (
	childFolder = "PGEMBED_TEST_FOLDER"
	childUnsafe = "PGEMBED_TEST_UNSAFE"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		os.Exit(child(folder))
	}
	goleak.VerifyTestMain(m)
}

func child(folder string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := Start(ctx, Config{DataFolder: folder, FastUnsafe: os.Getenv(childUnsafe) != "", Address: "http://127.0.0.1:4711"})
	if err != nil {
		fmt.Println("fault", err)
		return 1
	}
	fmt.Println("ready", server.process.command.Process.Pid)
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := server.Stop(ctx); err != nil {
		fmt.Println("fault", err)
		return 1
	}
	return 0
}
