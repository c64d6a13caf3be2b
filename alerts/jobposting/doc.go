// Package jobposting reads schema.org JobPosting documents as recruiters and
// job boards really write them and makes alerts.Posting of them: strings where
// objects are due and the other way round, @graph, references, HTML that was
// escaped twice, dates without a zone, "Vollzeit" for FULL_TIME.
//
// It judges as it reads: what cannot be stored is Rejected with every fault at
// once, each with its field and with what to do; what could be stored though
// something was wrong comes with warnings. HTML is sanitised to a short list of
// tags here and nowhere else.
//
// The package is pure: it opens no file and no connection, reads no clock and
// keeps nothing. Intake calls Read and Withdrawal for each message, the API for
// each request, and the command line Split for files.
package jobposting
