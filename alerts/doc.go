// Package alerts says which postings meet which criteria. Its root holds the
// nouns every other part speaks in (Posting, Criteria, Document, Match) and the
// meaning of matching: Criteria.Matches is the definition that the percolation
// index, the digest and the pages agree with (docs/matching.md).
//
// The root is pure: it reads no clock, file, socket or database. The packages
// below it read formats (jobposting), words (text), places (gazetteer) and pay
// (pay), file criteria by term (percolate), take postings in (intake), search
// them (archive), keep them (store) and serve recruiters (api).
package alerts
