package intake

import (
	"context"
	"encoding/json"

	"github.com/jobalertd/jobalertd/alerts"
)

// acknowledge tells recruiters what became of their postings and the stream that
// it need not deliver them again. The commit has happened: nothing here can
// lose a posting, and what is repeated after a crash changes nothing.
func (in *Intake) acknowledge(ctx context.Context, b *batch) {
	for _, m := range b.messages {
		in.publishReceipt(m.source, m.receipt)
		if err := m.msg.Ack(); err != nil {
			in.Log.WarnContext(ctx, "acknowledge posting", "sequence", m.sequence, "err", err)
		}
		in.Metrics.received.WithLabelValues(string(m.receipt.Status)).Inc()
		in.Metrics.latency.Observe(b.committed.Sub(m.sent).Seconds())
	}
}

// publishReceipt is asynchronous and unconfirmed: receipts are a convenience, the
// database has the truth (docs/adr/0005).
func (in *Intake) publishReceipt(source string, r alerts.Receipt) {
	_, err := in.JetStream.PublishAsync("receipts."+source, []byte(encodeReceipt(r)))
	if err != nil {
		in.Log.Warn("publish receipt", "source", source, "err", err)
	}
}

func encodeReceipt(r alerts.Receipt) string {
	b, err := json.Marshal(r)
	if err != nil {
		panic("intake: a receipt consists of strings and numbers: " + err.Error())
	}
	return string(b)
}
