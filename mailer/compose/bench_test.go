package compose_test

import (
	"testing"

	"github.com/jobalertd/jobalertd/mailer"
	"github.com/jobalertd/jobalertd/mailer/compose"
)

func BenchmarkDigest(b *testing.B) {
	d := digest("de", 10, 1)
	run := func(b *testing.B, c *compose.Composer, prepare func(i int)) {
		b.ReportAllocs()
		var size int
		i := 0
		for b.Loop() {
			prepare(i)
			i++
			raw, err := c.Digest(d)
			if err != nil {
				b.Fatal(err)
			}
			size = len(raw)
		}
		b.ReportMetric(float64(size), "bytes/mail")
	}
	b.Run("jobs=10/cards=warm", func(b *testing.B) { run(b, composer(b), func(int) {}) })
	b.Run("jobs=10/cards=cold", func(b *testing.B) {
		run(b, composer(b), func(i int) {
			for j := range d.Postings { // postings nobody has seen
				d.Postings[j].Posting.Number = uint32(i*10 + j + 1)
			}
		})
	})
	b.Run("jobs=10/directly", func(b *testing.B) {
		c, err := compose.New(identity, asOwn(b))
		if err != nil {
			b.Fatal(err)
		}
		run(b, c, func(int) {})
	})
}

func BenchmarkConfirmation(b *testing.B) {
	c, d := composer(b), confirmation("de")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Confirmation(d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	for _, kind := range []string{"rsa-2048", "ed25519"} {
		b.Run(kind, func(b *testing.B) {
			key, _ := newKey(b, kind)
			id := identity
			var err error
			if id.Signer, err = compose.NewSigner("jobs.example", "s1", key); err != nil {
				b.Fatal(err)
			}
			c, err := compose.New(id, nil)
			if err != nil {
				b.Fatal(err)
			}
			d := digest("de", 10, 1)
			d.Kind = mailer.Digest
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Digest(d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
