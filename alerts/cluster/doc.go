// Package cluster tells near-duplicates among postings: one job that several
// boards, or an employer and its agencies, publish with edits. It compares
// sketches (title, place, level, reference numbers, and the resemblance and
// containment of the texts, after A. Broder, "On the resemblance and containment
// of documents", Compression and Complexity of Sequences 1997), so that it needs
// no posting again once its sketch is made. What else a board lists of an employer
// tells which words are the job's own: two ads that share most of those are one job
// whatever their titles, and two that share few are two. It does no I/O, decides
// nothing about what is shown, and merges nothing on title and employer alone;
// digests fold by it and `postings clusters` shows it.
package cluster
