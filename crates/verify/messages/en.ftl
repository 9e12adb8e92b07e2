# What a finding says, in English. Keys are shared with every other language in this folder; a test compares them.

verdict-active = active
verdict-confirmed = active, confirmed
verdict-proved = proved
verdict-stale = stale
verdict-suspended = suspended
verdict-disputed = disputed
verdict-revoked = revoked
verdict-tampered = tampered
verdict-not-proven = not proven
verdict-needs-history-path = needs history path
verdict-foreign-chain = foreign chain
verdict-could-not-be-checked = could not be checked
verdict-renew = renew
verdict-clock = could not be checked: this machine's clock is wrong
verdict-needs-trust-file = needs trust file
verdict-needs-newer-verifier = needs newer verifier

credential-good = signature good
credential-key-unproven = signature good, but not shown to be the issuer's
credential-not-checked = not checked
credential-unsigned = not signed
credential-not-yet-valid = not yet valid
credential-expired = expired
credential-not-covered = signature does not cover all of it
credential-malformed = breaks the rules of its data model
credential-inconsistent = contradicts itself
credential-bad = signature wrong

headline = { $target }: { $verdict }
headline-parts = { " " }({ $parts })
headline-as-of = { " " }as of { $time } ({ $age })
headline-issuer = , entered by { $name }
headline-not-seen = ; document not seen
headline-not-asked = ; not asked since
headline-asked = , asked just now at { $source }
headline-unanswered = ; could not be checked now at { $source }
headline-expired = ; expired by its summary
headline-looks-like = ; it was NOT entered by { $name } ({ $member }), though its issuer's name, "{ $claimed }", looks like that
headline-credential = ; as a credential: { $verdict }

totals = { $count } documents: { $counts }
totals-without = { $count } without a finding

time = { $day } { $month } { $year } { $clock } UTC
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

age-now = just now
age-past = { $amount } ago
age-tolerated = { $amount } ahead of this machine's clock, which is tolerated
age-future = { $amount } ahead of this machine's clock: check the clock
amount-days = { $count } { $count ->
    [one] day
   *[other] days
}
amount-hours = { $count } { $count ->
    [one] hour
   *[other] hours
}
amount-minutes = { $count } { $count ->
    [one] minute
   *[other] minutes
}
amount-seconds = { $count } { $count ->
    [one] second
   *[other] seconds
}

fact-because = because
fact-as-of = as of
fact-existed-by = existed by
fact-issuer = issuer
fact-log-index = log index
fact-signed-by = signed by
fact-rests-on = rests on
fact-disclosed = shown by the holder, { $claim }
fact-always = always shown, { $claim }
fact-as-of-value = block { $height }, { $time } ({ $age })
fact-sealed = { $as-of }; sealed, so old by construction
fact-standing = { $issuer }, { $standing } since block { $height }
fact-standing-from = { $issuer }, { $standing } from block { $height } on
fact-signed-by-value = { $count } of { $validators }: { $names }
rests-on-genesis = genesis only
rests-on-trust-file = the trust file of block { $height }, { $time } ({ $age })

summary-holder = holder
summary-title = title
summary-awarded-on = awarded on
summary-credits = credits
summary-number = number
summary-level = level
summary-valid-until = valid until
summary-programme = programme

standing-frozen = frozen
standing-suspended = suspended
standing-retired = retired

check-ok = { "  " }[ok] { $part }: { $proves } ({ $detail })
check-no = { "  " }[NO] { $part }: { $detail }
open = { "  " }not proved: { $text }
by-itself = { "  " }the document by itself:

proves-encoding = it can be read to its end
proves-header = the header is one that a block can have, in a layout that this program knows
proves-chain = it is of the consortium of this genesis
proves-anchor = what is trusted reaches the header and is recent enough to vouch for signatures
proves-validators = these are the validators of the height
proves-certificate = more than 2/3 of the validators signed the block
proves-history = the header is in the history that the trust file or a newer block vouches for
proves-inclusion = the issuer entered it in the log, in this block or before
proves-issuer = the issuer's name and standing as of the block
proves-status = its status as of the block
proves-state = statuses, records and the other parts are those of the block
proves-document = this document is the one that was entered
proves-summary = the summary is the one that was entered, and contradicts nothing that was seen
proves-issuer-id = the issuer that the document names is this member
proves-age = the block is not older than is allowed
proves-online = the status as of the last block of the node or export that was asked
proves-log = the older log begins the newer one
proves-entries = these are all entries that concern the member

open-document-not-seen = anything of the document beyond the summary: document not seen
open-summary-not-compared = that the document says what the summary says: a document of kind { $kind } is not compared with it
open-summary-without-rule = that the document says what the summary says: no rule tells how a summary follows from it
open-issuer-not-named = that the document speaks of { $member } as its issuer: it names no issuer
open-issuer-not-searched = that the document speaks of { $member } as its issuer: a document of kind bytes is not searched for its issuer
open-holder-not-checked = that the person who shows it is its holder: holder not checked
open-credential-not-checked = its own signature and dates, which are not looked at unless it is the document that was entered
open-status-after = the status after block { $height }, { $time }
open-status-not-answered = the status now: { $source } proved nothing
open-looks-like = that { $name } ({ $member }), whose name "{ $claimed }" looks like, has anything to do with it
open-truth = that what it says is true, or who is showing it

part-encoding = encoding
part-header = header
part-chain = chain
part-anchor = anchor
part-validators = validators
part-certificate = certificate
part-history = history
part-inclusion = inclusion
part-issuer = issuer
part-status = status
part-state = state
part-document = document
part-summary = summary
part-issuer-id = issuer-id
part-age = age
part-online = online
part-log = log
part-entries = entries

credential-issuer = { $issuer }, as the document says
credential-line-ok = { "  " }[ok] { $text }
credential-line-no = { "  " }[NO] { $text }
credential-line-open = { "  " }[--] { $text }
credential-no-signature = signature: none in the document
credential-signature = signature { $method }: { $state }
credential-by-key = { $signature }, by the key { $key }
credential-entered = { $signature }, by the key { $key }; whose key that is need not be known: { $issuer } entered this credential in the ledger with this very signature in it
credential-uncovered = not under that signature: { $places }
credential-model = data model: { $fault }
credential-validity = validity: { $validity }
signature-good = good
signature-bad = bad
signature-not-checked = not checked

headline-proof = { $target }: { $verdict }: { $text }
consistency-proved = the older log begins the newer one
completeness-proved = these are all events of the issuer
fork-proved = FORK, { $kind }
fork-heights = two final blocks of one height
fork-revocation = a revocation that is undone
fork-log = two logs of one size
fork-blocks = { $older } and { $newer }, both final, contradict each other
evidence-equivocation = one validator signed two statements for one round
fact-attribution = attribution
attribution-member = { $member } signed both: two { $statement ->
    [proposal] proposals
    [prevote] prevotes
   *[precommit] precommits
} at height { $height } in round { $round }
attribution-rounds = to nobody by these certificates alone: one is of round { $one }, the other of round { $other }, and a vote in each may be honest; the votes in between would show whose is not
attribution-heights = to nobody by these statements alone: they are of two heights or two sets; two final headers of one height would show more
attribution-no-certificate = to nobody by these statements alone: one is final by a history, and nobody's signature of it is here
fact-older-log = older log
fact-newer-log = newer log
fact-log-value = { $size } entries, root { $root }
fact-as-of-block = block { $height }, { $time }
fact-as-of-log = block { $height }, { $time }, a log of { $size } entries
fact-signed-by-count = { $count } of { $validators } validators
fact-events = events
fact-credentials = credentials
fact-blocks = blocks
