//! Every entry that concerns a member.

use std::ops::Range;
use std::sync::Arc;

use sanad_core::ids::{LogIndex, MemberId};
use tonic::{Request, Response, Status};

use crate::convert::{member_id, proof_form};
use crate::ledger::Ledger;
use crate::proofs::{MemberDetails, ProofForm};
use crate::server::answer_stream::{AnswerSender, AnswerStream, answer_stream};
use crate::server::call_error::{CallError, RequestError};
use crate::server::calls::Calls;
use crate::server::shares::Budget;
use crate::wire;
use crate::wire::get_completeness_response::Part;

/// What a caller asks for.
struct Asked {
    member: MemberId,
    form: ProofForm,
    resume: Option<Range<LogIndex>>,
}

pub(super) async fn entries<L: Ledger>(
    calls: &Arc<Calls<L>>,
    request: Request<wire::GetCompletenessRequest>,
) -> Result<Response<AnswerStream<wire::GetCompletenessResponse>>, Status> {
    let deadline = calls.deadline(&request);
    // Like a subscription it holds little at once, and may last.
    let bounds = calls.bounds(&request, calls.share(&request, Budget::Subscriptions)?);
    let Asked { member, form, resume } = Asked::try_from(request.into_inner()).map_err(CallError::from)?;
    let (head, range) = match resume {
        Some(range) => (None, range),
        None => {
            let id = member.clone();
            let head = deadline.keep(calls.read(move |ledger| ledger.member(&id, form))).await??;
            let size = head.proof.header.log_size;
            (Some(head), LogIndex(0)..LogIndex(size.0))
        }
    };
    let calls = Arc::clone(calls);
    let send = move |sender: AnswerSender<_>| async move {
        deadline.keep(send_all(&calls, sender, head, member, range)).await?
    };
    Ok(Response::new(answer_stream(bounds, send)))
}

impl TryFrom<wire::GetCompletenessRequest> for Asked {
    type Error = RequestError;
    fn try_from(request: wire::GetCompletenessRequest) -> Result<Self, RequestError> {
        let wire::GetCompletenessRequest { member_id: member, form, resume } = request;
        let range = |resume: wire::CompletenessResume| {
            let wire::CompletenessResume { from_index: index, log_size: size } = resume;
            match index > size {
                true => Err(RequestError::IndexBeyondSize { index, size }),
                false => Ok(LogIndex(index)..LogIndex(size)),
            }
        };
        Ok(Self {
            member: member_id("member_id", member)?,
            form: proof_form(form)?,
            resume: resume.map(range).transpose()?,
        })
    }
}

/// Reads the next runs when the caller has room for them, so that the server holds few of them.
async fn send_all<L: Ledger>(
    calls: &Calls<L>,
    sender: AnswerSender<wire::GetCompletenessResponse>,
    head: Option<MemberDetails>,
    member: MemberId,
    range: Range<LogIndex>,
) -> Result<(), CallError> {
    let mut left = match &head {
        Some(head) => head.rest.events.count,
        None => u64::MAX,
    };
    if let Some(head) = head {
        sender.send(wire::GetCompletenessResponse { part: Some(Part::Head((&head).into())) }).await?;
    }
    let mut next = range.start;
    while left > 0 && next < range.end {
        let (id, range) = (member.clone(), next..range.end);
        let runs = calls.read(move |ledger| ledger.entry_runs(&id, range)).await?;
        if runs.is_empty() {
            break;
        }
        for run in runs {
            let entries = run.entries.len() as u64;
            next = LogIndex(run.first_index.0.saturating_add(entries));
            left = left.saturating_sub(entries);
            sender.send(wire::GetCompletenessResponse { part: Some(Part::Run(run.into())) }).await?;
        }
    }
    Ok(())
}
