package percolate

import (
	"fmt"
	"testing"
)

func BenchmarkPercolate(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprintf("criteria=%d", n), func(b *testing.B) {
			l := generate(b, n, 200)
			var df Frequencies
			for _, d := range l.documents {
				df.Learn(d)
			}
			x := Build(l.each, &df)
			var got []uint32
			i, matches := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				got = x.Percolate(got[:0], l.documents[i%len(l.documents)])
				matches += len(got)
				i++
			}
			b.ReportMetric(float64(matches)/float64(i), "matches/op")
			b.ReportMetric(float64(x.Stats().Bytes)/float64(n), "bytes/criteria")
		})
	}
}

// BenchmarkScan is the definition, for comparison.
func BenchmarkScan(b *testing.B) {
	l := generate(b, 10_000, 50)
	i := 0
	for b.Loop() {
		d := l.documents[i%len(l.documents)]
		for _, c := range l.criteria {
			c.Matches(d)
		}
		i++
	}
}

func BenchmarkBuild(b *testing.B) {
	l := generate(b, 100_000, 0)
	for b.Loop() {
		Build(l.each, nil)
	}
}

func BenchmarkPut(b *testing.B) {
	l := generate(b, 10_000, 0)
	x := Build(l.each, nil)
	i := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		id := i%10_000 + 1
		x.Put(id, l.criteria[id-1])
		i++
	}
}
