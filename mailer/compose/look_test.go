package compose_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var lookAt = flag.String("look", "", "folder to write digests to, for looking at them in a browser")

// TestMails_ToLookAt writes digests in every combination that is looked at by a
// person: go test ./mailer/compose -run ToLookAt -look DIR.
func TestMails_ToLookAt(t *testing.T) {
	if *lookAt == "" {
		t.Skip("nobody wants to look: -look names no folder")
	}
	c := composer(t)
	for _, locale := range []string{"de", "en"} {
		for _, n := range []int{1, 12, 60} {
			for _, several := range []int{1, 3} {
				raw, err := c.Digest(rest(digest(locale, n, several), n/5, n/12, n/30))
				if err != nil {
					t.Fatal(err)
				}
				mail := open(t, raw)
				name := filepath.Join(*lookAt, fmt.Sprintf("digest-%d-of-%d.%s", n, several, locale))
				for ending, text := range map[string]string{".html": mail.html, ".txt": mail.text} {
					if err := os.WriteFile(name+ending, []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}
