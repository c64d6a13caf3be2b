package digest

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func TestContent_IsReadAsItWasWritten(t *testing.T) {
	number := rapid.Uint32Range(1, 5)
	list := rapid.Map(rapid.SliceOfN(number, 0, 2), func(l []uint32) []uint32 {
		if len(l) == 0 {
			return nil
		}
		return l
	})
	entries := rapid.Map(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
		return entry{Posting: rapid.Uint32Min(1).Draw(t, "posting"), Subscription: number.Draw(t, "subscription"),
			Also: list.Draw(t, "also"), Twins: list.Draw(t, "twins")}
	}), 0, 4), func(es []entry) []entry {
		if len(es) == 0 {
			return nil
		}
		return es
	})
	rapid.Check(t, func(t *rapid.T) {
		c := content{Postings: entries.Draw(t, "postings"), Deferred: entries.Draw(t, "deferred"), Counted: rapid.IntRange(0, 3).Draw(t, "counted")}
		var got content
		err := json.Unmarshal([]byte(c.encode()), &got)
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Fatalf("%s is read as %+v (%v), want %+v", c.encode(), got, err, c)
		}
	})
}
