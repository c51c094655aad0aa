package wire

import "strconv"

func alertName(code uint8) string { return strconv.Itoa(int(code)) }
