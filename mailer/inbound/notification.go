package inbound

import (
	"encoding/json"
	"strings"
)

// sesNotification is what Amazon SES tells through SNS, which can send it by
// mail. Fields as documented under "Amazon SNS notification contents".
type sesNotification struct {
	Type   string `json:"notificationType"`
	Bounce struct {
		Type       string `json:"bounceType"` // Permanent, Transient, Undetermined
		Recipients []struct {
			Address    string `json:"emailAddress"`
			Action     string `json:"action"`
			Status     string `json:"status"`
			Diagnostic string `json:"diagnosticCode"`
		} `json:"bouncedRecipients"`
	} `json:"bounce"`
	Complaint struct {
		Feedback   string `json:"complaintFeedbackType"`
		Recipients []struct {
			Address string `json:"emailAddress"`
		} `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
	} `json:"delivery"`
}

// notification reads a relay's notification in JSON.
func (m *inMail) notification() []Report {
	for _, p := range m.parts {
		at := strings.Index(p.text, `{"notificationType"`)
		if at < 0 {
			continue
		}
		var n sesNotification
		text := strings.ReplaceAll(p.text[at:], "\n", "") // mailers fold its one long line
		if json.NewDecoder(strings.NewReader(text)).Decode(&n) != nil {
			continue
		}
		return n.reports()
	}
	return nil
}

func (n sesNotification) reports() []Report {
	var reports []Report
	switch n.Type {
	case "Complaint":
		for _, r := range n.Complaint.Recipients {
			reports = append(reports, Report{Kind: Complaint, Recipient: firstAddress(r.Address), Feedback: strings.ToLower(n.Complaint.Feedback)})
		}
	case "Bounce":
		for _, r := range n.Bounce.Recipients {
			diagnostic := typedValue(r.Diagnostic)
			e := evidence{status: cleanStatus(r.Status), text: diagnostic, delayed: n.Bounce.Type == "Transient"}
			kind, policy := e.judge()
			reports = append(reports, Report{
				Kind: kind, Policy: policy, Recipient: firstAddress(r.Address), Status: e.status, Code: e.code(), Diagnostic: diagnostic,
			})
		}
	case "Delivery":
		for _, to := range n.Delivery.Recipients {
			reports = append(reports, Report{Kind: Delivered, Recipient: firstAddress(to)})
		}
	}
	return reports
}
