package main

import (
	"fmt"
	"net/http"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/jobalertd/jobalertd/alerts"
	"github.com/jobalertd/jobalertd/alerts/api"
)

// recruiterAPI builds what recruiters reach over HTTP. It publishes on a
// JetStream context of its own, so that its acknowledgements do not queue behind
// intake's receipts.
func (d *daemon) recruiterAPI() (http.Handler, error) {
	js, err := jetstream.New(d.broker.Conn())
	if err != nil {
		return nil, fmt.Errorf("publish for recruiters: %w", err)
	}
	return api.Handler(api.Options{
		Store: d.postings, Reader: d.db.Reader, Publisher: js, Judge: d.judge, Version: version(), Log: d.log, Now: d.now,
	}), nil
}

// judge is intake's judgement in the words of the API.
func (d *daemon) judge(source string, raw []byte) (alerts.Receipt, *alerts.Posting) {
	c := d.intake.Check(source, raw)
	return c.Receipt, c.Posting
}
