package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/cluster"
)

// postingsClustersCmd shows which postings are taken for one job.
type postingsClustersCmd struct {
	Files  []string `arg:"" optional:"" name:"file" help:"Postings, - for standard input; without any, the open postings stored."`
	Format string   `help:"auto, json, jsonl or html." default:"auto"`
	JSON   bool     `help:"One JSON object a group." name:"json"`
}

func (postingsClustersCmd) Help() string {
	return "Prints a line a group of near-duplicates; a posting without a twin is in none.\n\n" +
		"Example:\n  jobalertd postings clusters board-a.jsonl board-b.jsonl --json\n  jobalertd postings clusters"
}

// member is a posting of a group: where it stands, counting from 0 within its file.
type member struct {
	File       string `json:"file"`
	Identifier string `json:"identifier"`
	Index      int    `json:"index"`
	title      string
}

// Run groups files' postings, or the stored ones; documents that would be
// rejected are left out and make the status 1.
func (c postingsClustersCmd) Run(ctx context.Context, s *session) error {
	if len(c.Files) == 0 {
		return c.stored(ctx, s)
	}
	_, reader, err := s.reading()
	if err != nil {
		return err
	}
	var (
		members  []member
		postings []*alerts.Posting
		failed   bool
	)
	for p, err := range s.readPostings(c.Files, c.Format, "clusters", reader) {
		if p.rejected != nil { // what has expired is an ad all the same
			p.reading, p.rejected = read(reader, "clusters", p.raw, time.Unix(0, 0))
		}
		if a := judged(p, err); a.Status == alerts.StatusRejected {
			failed = true
			if len(a.Errors) > 0 {
				fmt.Fprintf(s.stderr, "%s, posting %d: %s: %s\n", p.file, p.index, fieldName(a.Errors[0].Field), a.Errors[0].Message)
			}
			continue
		}
		members = append(members, member{File: p.file, Identifier: p.reading.Posting.Identifier, Index: p.index, title: p.reading.Posting.Title})
		postings = append(postings, &p.reading.Posting)
	}
	if err := c.print(s, members, sketchesOf(members, postings)); err != nil {
		return err
	}
	if failed {
		return errFailed
	}
	return nil
}

// sketchesOf makes files' postings ready to compare: a board's ads come in a file of
// its own. Where each ad has a file, the folder is the source, and addresses tell boards.
func sketchesOf(members []member, postings []*alerts.Posting) []*cluster.Sketch {
	files := map[string]bool{}
	for _, m := range members {
		files[m.File] = true
	}
	sketches := make([]*cluster.Sketch, len(postings))
	for i, p := range postings {
		if p.Source = members[i].File; len(files) == len(members) {
			p.Source = filepath.Dir(p.Source)
		}
		sketches[i] = cluster.New(p)
	}
	return sketches
}

// stored groups what is open in the database, "file" naming the source.
func (c postingsClustersCmd) stored(ctx context.Context, s *session) error {
	st, err := s.storesToRead(ctx)
	if err != nil {
		return err
	}
	defer st.close()
	var (
		members  []member
		sketches []*cluster.Sketch
	)
	const all = 1<<63 - 1
	err = st.postings.OpenBetween(ctx, st.db.Reader, 0, all, st.now(), func(p alerts.Stored) error {
		members = append(members, member{File: p.Source, Identifier: p.Identifier, Index: int(p.Number), title: p.Title})
		sketches = append(sketches, cluster.New(&p.Posting))
		return nil
	})
	if err != nil {
		return err
	}
	return c.print(s, members, sketches)
}

func (c postingsClustersCmd) print(s *session, members []member, sketches []*cluster.Sketch) error {
	for _, g := range cluster.Groups(sketches, nil) {
		group := make([]member, len(g))
		for i, at := range g {
			group[i] = members[at]
		}
		if c.JSON {
			if err := s.printJSON(map[string]any{"postings": group}); err != nil {
				return err
			}
			continue
		}
		var names []string
		for _, m := range group {
			names = append(names, m.File+" "+m.Identifier)
		}
		s.printf("%3d  %s: %s\n", len(group), group[0].title, strings.Join(names, ", "))
	}
	return nil
}
