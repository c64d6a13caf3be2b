package subscriptions

// The occasions of mails about an account, as the pages ask for them.
const (
	MailManageLink     = "manage-link"     // she lost the link
	MailAlreadyHere    = "already-here"    // she signed up for what she has
	MailConfirmAddress = "confirm-address" // both addresses confirm a change, one after the other
	MailAddressChanged = "address-changed" // to the old one, once done
)

// AccountPayload is what such a mail needs beyond the subscriber.
type AccountPayload struct {
	// To is set where the mail does not go to the subscriber's present address:
	// to the new one that is to be confirmed, or to the old one once changed.
	To string `json:"to,omitempty"`
	// ActionURL is the link to confirm a change of address.
	ActionURL string `json:"action_url,omitempty"`
	// Subscription is the alert that an already-here mail is about.
	Subscription uint32 `json:"subscription,omitempty"`
}
