package inbound

// The words of servers, all lower case and with single spaces. They come from
// the sources and manuals of Postfix, Sendmail, Exim, qmail, Exchange,
// Courier, OpenSMTPD and DragonFly, and from the replies of large mailbox
// providers.
var (
	serverNames = []string{"mailer-daemon", "mail-daemon", "mailer daemon", "postmaster@", "mail delivery s", "maildelivery",
		"mail administrator", "mailadmin", "delivery subsystem", "mail deliver system", "mdaemon", "<postmaster>",
		"microsoftexchange", "mail transfer", "no-reply@amazonses", "smtpd@", "mailerdaemon", "mail-system"}

	bounceSubjects = []string{"undeliver", "delivery status notification", "delivery failure", "delivery failed", "returned mail",
		"failure notice", "mail delivery", "delivery error", "non-delivery", "nondeliver", "unzustellbar", "returned message",
		"mail error", "delivery problem", "delivery notification", "mail system error", "failed mail", "message not delivered",
		"delivery has failed", "could not be delivered", "unable to deliver", "zustellung fehlgeschlagen", "delivery report",
		"warning: could not send", "warning: message", "user unknown", "échec de la remise", "non remis", "dsn:", "not deliverable"}

	bounceOpenings = []string{"could not be delivered", "couldn't be delivered", "wasn't able to deliver", "was not able to deliver",
		"unable to deliver", "was undeliverable", "is undeliverable", "delivery to the following recipient", "permanent fatal errors",
		"delivery failed", "did not reach the following recipient", "the following address(es) failed", "was not delivered",
		"konnte nicht zugestellt werden", "nicht zustellbar", "not been delivered", "had delivery errors",
		"not allowed to post to this mailing list", "has been automatically rejected", "not a member of this mailing list",
		"n'a pas pu être remis", "n'a pas pu être délivré", "no se pudo entregar", "no se ha podido entregar", "non è stato consegnato",
		"non è stato possibile consegnare", "kon niet worden bezorgd", "kan niet worden bezorgd", "nie mogła zostać dostarczona"}

	delaySubjects = []string{"delayed", "warning: could not send", "delivery warning", "verzögert", "(delay)"}

	delayWords = []string{"this is a warning message only", "do not need to resend", "will continue to try", "still being tried",
		"no action is required on your part", "has not yet been delivered", "will be retried", "keep trying"}

	awayWords = []string{"out of office", "out of the office", "out-of-office", "automatic reply", "auto reply", "autoreply", "auto-reply",
		"auto:", "autoresponse", "auto response", "abwesenheit", "automatische antwort", "on vacation", "vacation reply", "abwesend",
		"réponse automatique", "respuesta automática", "risposta automatica", "away from my mail", "nicht im büro", "im urlaub"}

	// noUserWords say that there is no such mailbox.
	noUserWords = []string{"user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such address",
		"no such account", "unknown recipient", "recipient unknown", "unknown local part", "unknown local-part", "unknown mailbox",
		"mailbox not found", "user not found", "recipient not found", "recipientnotfound", "recipnotfound", "account not found",
		"address not found", "does not exist", "doesn't exist", "not exist", "no mailbox here", "no mailbox by that name",
		"no user by that name", "invalid recipient", "invalid mailbox", "invalid user", "unknown address", "address unknown",
		"not a valid mailbox", "not a valid user", "is not a valid recipient", "unrouteable address", "unroutable address",
		"does not have an account", "doesn't have an account", "doesn't have a ", "account that you tried to reach does not",
		"no account by that name", "not listed in", "unknown or illegal alias", "bad destination mailbox address",
		"bad destination email address", "no longer valid", "no longer available", "no longer exists", "no longer with", "left the company",
		"badly formatted", "mailbox unavailable", "no valid recipients", "not our customer", "unknown email address", "unknown e-mail address",
		"not known here", "this address is no longer", "user is unknown", "recipient is unknown", "unbekannt", "existiert nicht",
		"there is no such", "non-existent", "nonexistent", "address does not", "is unknown", "recipient name is not recognized",
		"mailbox has moved", "user has moved", "has moved", "nicht bekannt", "nicht gefunden", "no existe", "desconocido", "inconnu", "n'existe pas",
		"inactive email address", "sconosciuto", "non esiste", "inesistente", "onbekend", "bestaat niet", "nie istnieje", "не существует"}

	// noHostWords say that there is no such domain, or none that takes mail.
	noHostWords = []string{"host unknown", "unknown host", "unknown domain", "no such domain", "domain not found", "host not found",
		"domain does not exist", "couldn't find any host", "nullmx", "null mx", "does not accept mail", "doesn't accept mail",
		"domain isn't in my list", "unrouteable mail domain", "no mx record", "dns lookup failure: host",
		"no such host", "name or service not known", "point to non-existent hosts", "host address lookups failed permanently", "no address associated with"}

	// surelyGoneWords outweigh words of policy in the same reply. The first is
	// what Exchange Online answers for addresses that are not in its directory,
	// and Postfix where its operator closed one: it is about the recipient.
	surelyGoneWords = []string{"recipient address rejected: access denied", "user unknown in", "unknown local part", "recipientnotfound",
		"doesn't have a yahoo.com account"}

	// programWords are those of a delivery program that failed.
	programWords = []string{"procmail:", "maildrop:", "couldn't create", "command died", "mail system configuration", "local configuration error",
		"remote protocol error"}

	// senderWords speak of our address and not of the recipient's.
	senderWords = []string{"sender address", "envelope sender", "domain of sender", "sender domain", "sender's domain", "sender rejected",
		"sender verify", "sender unknown", "unknown sender", "invalid sender", "sender denied", "return path", "reverse path", "your domain", "your host", "sender ip", "sender host"}

	// rcptWords say that the reply was to a recipient: in the transcripts of
	// servers, in qmail's words, and by the states that Gmail numbers.
	rcptWords = []string{"rcpt to", "reply to rcpt", ">>> rcpt", "command rcpt", "does not like recipient", "(state 13)", "(state 14)"}

	// mailWords say that the reply was to our greeting, name or sender, before any
	// recipient was named.
	mailWords = []string{"after mail from", "reply to mail from", ">>> mail from", "after helo", "after ehlo", "reply to helo", "reply to ehlo",
		"refused to talk to me", "my name was rejected", "greeting failed", "after initial connection"}

	// dataWords say that the reply was to the mail, after its recipients.
	dataWords = []string{"end of data", ">>> data", "command data", "reply to data", "after data",
		"after i sent the message", "like our data", "(state 17)", "(state 18)"}

	fullWords = []string{"mailbox full", "mailbox is full", "mail box full", "mailfolder is full", "over quota", "overquota", "quota exceeded",
		"exceeded quota", "exceeds quota", "exceed the quota", "exceeded storage", "storage allocation", "insufficient storage", "out of storage", "not enough space",
		"not enough storage", "quota is full", "quota full", "disk quota", "mailbox size", "inbox is full", "inbox full", "exceeded its", "exceeded the quota",
		"mailbox has exceeded", "too many messages", "postfach ist voll", "speicherplatz", "full mailbox", "maildir over", "storage quota", "mail quota",
		"is full", "user has exhausted", "boxed in", "disk space", "disk full", "exceeded the storage",
		"exceeds allowed size", "has exceeded its size", "kontingent", "ist voll", "est pleine", "boîte pleine", "buzón lleno", "está lleno", "piena", "is vol"}

	// policyWords speak of the sender, its host, its rate or the mail.
	policyWords = []string{"block", "blacklist", "black list", "denylist", "spam", "dnsbl", "rbl", "reputation", "policy", "policies", "spf", "dkim", "dmarc",
		"unauthenticated", "authentication required", "smtp authentication", "not authenticated", "not authorized", "not authorised", "unauthorized", "not permitted",
		"not allowed", "relay", "reverse dns", "reverse-dns", "ptr ", "rdns", "rate limit", "too many", "too fast", "throttl", "access denied",
		"unsolicited", "sender rejected", "sender denied", "sender address rejected", "sender verify", "client host rejected",
		"listed by", "listed at", "recipient preferences", "complaint", "virus", "malware", "content", "greylist", "open proxy", "helo", "bad sender", "sender's",
		"banned", "prohibited", "permission", "restricted", "restriction", "not a member", "moderat", "certificate", "tls", "attachment",
		"too large", "too big", "message size", "size limit", "exceeds", "refused to", "connection refused", "fcrdns", "name lookup", "from address",
		"will not accept delivery"}

	// blocklists stand in the names of lists of hosts that send unwanted mail.
	blocklists = []string{"spamhaus", "spamcop", "barracudacentral", "sorbs", "dnsbl", "blocklist", "blacklist", "senderscore", "abuseat"}

	// otherWords are of neither kind, and keep a status from being trusted.
	otherWords = []string{"disabled", "suspended", "deactivated", "locked", "on hold", "inactive", "not active", "frozen",
		"terminated", "discontinued", "archived", "loop", "too many hops", "hop count", "timed out", "time out",
		"timeout", "expired", "too long", "connection", "temporar", "try again", "system error", "i/o error", "bad header", "protocol error",
		"not accepting", "filter", "closed", "undefined", "unexpected name server reply"}
)
