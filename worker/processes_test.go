package worker_test

const childVariable = "GRADEWATCH_TEST_WORKER"

func runChild() int { return 1 }
