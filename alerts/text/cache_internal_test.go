package text

import (
	"testing"
	"unsafe"
)

// A remembered word takes two lines of the processor's cache, not three.
func TestKnownWord_TakesTwoLines(t *testing.T) {
	if size := unsafe.Sizeof(knownWord{}); size != 128 {
		t.Errorf("a known word takes %d bytes", size)
	}
}
