// Command gradewatch watches registered URLs from the outside.
package main

func main() {}
