package compose

// QuotedPrintable encodes s.
func QuotedPrintable(s string) []byte {
	var q quoter
	q.text(s, false)
	q.fresh() // white space at the very end
	return q.buf
}
