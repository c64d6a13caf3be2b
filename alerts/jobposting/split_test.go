package jobposting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// split gives what Split yields: the identifier of each document, or "error: …".
func split(t *testing.T, file, format string) []string {
	t.Helper()
	return splitReader(t, strings.NewReader(file), format)
}

func splitReader(t *testing.T, file io.Reader, format string) []string {
	t.Helper()
	r := New(meaning(), Options{})
	var out []string
	for raw, err := range Split(file, format) {
		if err != nil {
			out = append(out, "error: "+err.Error())
			continue
		}
		id, err := r.Withdrawal(raw)
		if err != nil {
			id = "unreadable: " + err.Error()
		}
		out = append(out, id)
	}
	return out
}

const one, two, three = `{"@type":"JobPosting","identifier":"1"}`, `{"@type":"JobPosting","identifier":"2"}`, `{"@type":"JobPosting","identifier":"3"}`

func TestSplitFindsThePostingsOfAFile(t *testing.T) {
	script := func(s string) string { return `<script type="application/ld+json">` + s + `</script>` }
	for name, c := range map[string]struct{ file, want string }{
		"one object":           {one, "1"},
		"indented":             {"{\n  \"@type\": \"JobPosting\",\n  \"identifier\": \"1\"\n}\n", "1"},
		"array":                {"[" + one + ",\n" + two + "]", "1 2"},
		"graph":                {`{"@graph":[` + one + `,{"@type":"WebPage"},` + two + `]}`, "1 2"},
		"graph with one":       {`{"@graph":[{"@type":"WebPage"},` + two + `]}`, "2"},
		"item list":            {`{"@type":"ItemList","itemListElement":[{"item":` + one + `},{"item":` + two + `}]}`, "1 2"},
		"one a line":           {one + "\n" + two + "\n\n" + three, "1 2 3"},
		"one a line, CRLF":     {one + "\r\n" + two + "\r\n", "1 2"},
		"one after the other":  {one + " " + two, "1 2"},
		"arrays after another": {"[" + one + "][" + two + "]", "1 2"},
		"byte order mark":      {"\xef\xbb\xbf" + one, "1"},
		"page":                 {"<!doctype html><html><head>" + script(one) + "</head><body>" + script("["+two+","+three+"]") + "</body></html>", "1 2 3"},
		"page, other scripts":  {script(`{"@type":"BreadcrumbList"}`) + "<script>var x = {};</script>" + script(one), "1"},
		"page, CDATA":          {"<html>" + script("//<![CDATA[\n"+one+"\n//]]>"), "1"},
		"page, comment":        {"<html>" + script("<!--\n"+one+"\n-->"), "1"},
		"page, entities":       {"<html>" + script(strings.ReplaceAll(one, `"`, "&quot;")), "1"},
		"page, semicolon":      {"<html>" + script(one+";"), "1"},
		"page, raw newline":    {"<html>" + script(`{"@type":"JobPosting","title":"a`+"\n"+`b","identifier":"1"}`), "1"},
		"page, graph":          {"<html>" + script(`{"@graph":[`+one+`,{"@type":"Organization"}]}`), "1"},
		"page, type in params": {`<html><script type="application/ld+json; charset=utf-8">` + one + `</script>`, "1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(split(t, c.file, FormatAuto), " "); got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestSplitNamesThePlaceOfAFault(t *testing.T) {
	for name, c := range map[string]struct {
		file, format string
		want         []string
	}{
		"line":            {one + "\n{\"a\":}\n" + two, FormatAuto, []string{"1", "line 2", "2"}},
		"cut off":         {"[" + one + ", {\"a\":", FormatAuto, []string{"1", "value 2"}},
		"empty":           {"", FormatAuto, []string{"no JSON value"}},
		"page without":    {"<html><p>x</p></html>", FormatAuto, []string{"no JobPosting"}},
		"broken script":   {`<html><script type="application/ld+json">{"a"</script><script type="application/ld+json">` + one + `</script>`, FormatAuto, []string{"script 1", "1"}},
		"unknown format":  {one, "xml", []string{`format "xml"`}},
		"array in array":  {"[[" + one + "]]", FormatJSON, []string{"an array within"}},
		"another type":    {`{"@type":"Event"}`, FormatAuto, []string{`of type "Event"`}},
		"not an object":   {"[1," + one + "]", FormatAuto, []string{"not a JSON object", "1"}},
		"closed too much": {one + "]", FormatJSON, []string{"1", "value 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := split(t, c.file, c.format)
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("got %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestSplitCarriesWhatAPostingRefersTo(t *testing.T) {
	file := `{"@graph":[
		{"@type":"Organization","@id":"#org","name":"Klinikum","address":{"@id":"#adr"}},
		{"@type":"PostalAddress","@id":"#adr","addressLocality":"Bochum"},
		{"@type":"JobPosting","identifier":"1","title":"Koch","description":"Kochen","hiringOrganization":{"@id":"#org"},"jobLocation":{"address":{"@id":"#adr"}}},
		{"@type":"JobPosting","identifier":"2","title":"Koch","description":"Kochen","hiringOrganization":{"@id":"#org"},"jobLocation":{"address":{"@id":"#adr"}}}]}`
	count := 0
	for raw, err := range Split(strings.NewReader(file), FormatAuto) {
		if err != nil {
			t.Fatal(err)
		}
		count++
		got := read(t, raw)
		if got.Posting.Employer != "Klinikum" || len(got.Posting.Locations) != 1 || got.Posting.Locations[0].Name != "Bochum" {
			t.Errorf("read as %+v", got.Posting)
		}
	}
	if count != 2 {
		t.Errorf("%d postings, want 2", count)
	}
}

func TestSplitStopsWhenAsked(t *testing.T) {
	for _, file := range []string{"[" + one + "," + two + "]", one + "\n" + two, `{"@graph":[` + one + `,` + two + `]}`,
		`<html><script type="application/ld+json">[` + one + `,` + two + `]</script>`} {
		n := 0
		for range Split(strings.NewReader(file), FormatAuto) {
			n++
			break
		}
		if n != 1 {
			t.Errorf("%.20s: yielded %d after a break", file, n)
		}
	}
}

func TestSplitReportsAReaderThatFails(t *testing.T) {
	failing := errors.New("disk on fire")
	for _, start := range []string{one + "\n" + one + "\n", "[" + one + ",", "<html><script type=\"application/ld+json\">" + one + "</script>"} {
		var last error
		for _, err := range Split(io.MultiReader(strings.NewReader(start), iotest.ErrReader(failing)), FormatAuto) {
			last = err
		}
		if !errors.Is(last, failing) {
			t.Errorf("%.10s: ended with %v", start, last)
		}
	}
}

// endless yields one byte for ever.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestSplitRefusesWhatWouldNotFitInMemory(t *testing.T) {
	for name, c := range map[string]struct{ start, format string }{
		"a string without end": {`{"a":"`, FormatJSON},
		"an array's element":   {`[{"a":"`, FormatJSON},
		"a script without end": {`<html><script type="application/ld+json">{"a":"`, FormatHTML},
	} {
		var last error
		for _, err := range Split(io.MultiReader(strings.NewReader(c.start), endless('x')), c.format) {
			last = err
		}
		if !errors.Is(last, ErrTooLarge) {
			t.Errorf("%s: ended with %v", name, last)
		}
	}
	long := io.MultiReader(strings.NewReader(one+"\n"), io.LimitReader(endless('x'), maxUnit+100), strings.NewReader("\n"+two))
	got := splitReader(t, long, FormatJSONL)
	if len(got) != 3 || got[0] != "1" || !strings.Contains(got[1], "line 2") || got[2] != "2" {
		t.Errorf("a long line: %q", got)
	}
}

func TestSplitReadsLongFilesElementByElement(t *testing.T) {
	const count = 20_000
	r, w := io.Pipe()
	go func() {
		fmt.Fprint(w, "[")
		for i := range count {
			fmt.Fprintf(w, `%s{"@type":"JobPosting","identifier":"%d","description":"%s"}`, strings.Repeat(",", min(i, 1)), i, strings.Repeat("x", 2000))
		}
		fmt.Fprint(w, "]")
		w.Close()
	}()
	n := 0
	for raw, err := range Split(r, FormatAuto) {
		if err != nil || !bytes.Contains(raw, fmt.Appendf(nil, `"%d"`, n)) {
			t.Fatalf("document %d: %.60s, %v", n, raw, err)
		}
		n++
	}
	if n != count {
		t.Errorf("%d documents, want %d", n, count)
	}
}

func ExampleSplit() {
	page := `<html><head><script type="application/ld+json">
		[{"@type": "JobPosting", "identifier": "1"}, {"@type": "JobPosting", "identifier": "2"}]
	</script></head></html>`
	for raw, err := range Split(strings.NewReader(page), FormatAuto) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		var posting struct{ Identifier string }
		if err := json.Unmarshal(raw, &posting); err != nil {
			fmt.Println(err)
		}
		fmt.Println(posting.Identifier)
	}
	// Output:
	// 1
	// 2
}
