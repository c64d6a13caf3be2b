package jobposting

import (
	"strings"
	"testing"
)

func TestParse_RefusesNamesThatAreNoStrings(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{`{1:2}`, `{[]:2}`, `{{}:2}`, `{null:1}`, `{`, `{"a"`, `{"a":`, `{"a",1}`, `{"a":1,}`, `{"\x00":1}`} {
		if n, err := parse([]byte(raw)); err == nil || !strings.Contains(err.Error(), "JSON") {
			t.Errorf("%s was read as %+v, %v", raw, n, err)
		}
	}
}

func TestParse_ReadsNamesHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	n, err := parse([]byte(`{"titl\u0065": "a", "schema:datePosted": "b", "HiringOrganization": {"name": [1, {"x": 2}, []]}, "": "c", "title": "d"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := n.get("title").str() + n.get("dateposted").str() + n.get("").str(); got != "dbc" {
		t.Errorf("got %q", got)
	}
	if items := n.get("hiringorganization").get("name").items; len(items) != 3 || items[1].get("x").text != "2" {
		t.Errorf("items %+v", items)
	}
}
