//! The list of executions.

use countersign_desk::connection::MachineKind;
use countersign_desk::index::{Bar as Counts, Bars, ExecutionCursor, ExecutionPage, Span, Tally, Unread};
use countersign_desk::search::{Fault, Search, SearchError, Term};
use countersign_desk::store::SavedView;
use countersign_desk::watch::Snapshot;
use countersign_desk::{Actor, Desk, Desks, Error, Wanted, is_map_run};

use super::rows::{execution_row, shown_by, shown_status};
use super::{Answered, worded};
use crate::app::absolute;
use crate::error::{AppError, ErrorKind};
use crate::server::words;
use crate::wire::executions::{
    Bar, Coverage, ExecutionRow, Executions, Histogram, Parent, Place, Saved, SearchFault, StatusFilter, UnknownStatus,
    View,
};
use crate::wire::refused::Act;

/// Rows of a page.
const ROWS: u32 = 100;
/// The most children that are counted: counting them costs three milliseconds.
const CHILDREN: u32 = 100_000;
/// The most bars of the histogram, and their lengths in milliseconds.
const BARS: i64 = 60;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WIDTHS: [i64; 15] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    7 * DAY,
    30 * DAY,
];

/// One page of executions of a connection, newest first.
///
/// # Errors
/// The status or time is none, or the address has no page of the list; or the connection has not answered yet.
pub async fn executions(desk: &Desk, actor: &Actor, view: View) -> Answered<Executions> {
    let asked = Asked::read(desk, &view)?;
    page(&[desk], desk, actor, view, asked).await
}

/// The same of all connections that the actor may see. One that does not answer is left out.
///
/// # Errors
/// Those of [`executions`].
pub async fn everywhere(desks: &Desks, desk: &Desk, actor: &Actor, view: View) -> Answered<Executions> {
    let asked = Asked::read(desk, &view)?;
    let mut all = Vec::new();
    for one in desks.iter() {
        if one.snapshot(actor).await.is_ok() {
            all.push(one.as_ref());
        }
    }
    page(&all, desk, actor, view, asked).await
}

/// What a view asks the desk for.
///
/// # Errors
/// A part of it is none; what cannot be searched is one here, too.
pub fn wanted(desk: &Desk, view: &View) -> Answered<Wanted> {
    let asked = Asked::read(desk, view)?;
    match asked.fault {
        Some(fault) => Err(AppError { kind: ErrorKind::Invalid, problem: fault.problem }),
        None => Ok(asked.wanted),
    }
}

/// What an address asks for.
struct Asked {
    status: Option<StatusFilter>,
    before: Option<ExecutionCursor>,
    wanted: Wanted,
    fault: Option<SearchFault>,
}

impl Asked {
    fn read(desk: &Desk, view: &View) -> Answered<Self> {
        let now = desk.now();
        let status = view.status.as_deref().map(filter).transpose()?;
        let before = view.before.as_deref().map(cursor).transpose()?;
        let (from, until) = view.time.as_deref().map_or(Ok((None, None)), |text| time(text, now))?;
        let q = view.q.as_deref().unwrap_or_default();
        let (search, fault) = match Search::read(q, now) {
            Ok(search) => (search, None),
            Err(error) => (Search::default(), Some(fault(q, &error))),
        };
        let (workflow, parent, shown) = (view.workflow.clone(), view.parent.clone(), status.map(shown_by));
        Ok(Self { status, before, wanted: Wanted { workflow, parent, shown, from, until, search }, fault })
    }

    /// Whether there is nothing but what the tallies know.
    fn is_plain(&self) -> bool {
        let wanted = &self.wanted;
        wanted.parent.is_none() && wanted.from.is_none() && wanted.until.is_none() && wanted.search.terms.is_empty()
    }
}

/// A search that cannot be read, with what stands on both sides of the place.
fn fault(q: &str, error: &SearchError) -> SearchFault {
    let at = error.at.saturating_sub(1);
    SearchFault {
        problem: words::lists::search(error),
        before: q.chars().take(at).collect(),
        from: q.chars().skip(at).collect(),
    }
}

/// The page that an address names.
fn cursor(text: &str) -> Answered<ExecutionCursor> {
    text.parse().map_err(|_| {
        let what = "This address is no page of the list.".to_owned();
        AppError::new(ErrorKind::Invalid, what, "Begin with the newest executions.".to_owned())
    })
}

/// The status that an address names.
fn filter(status: &str) -> Answered<StatusFilter> {
    status.parse().map_err(|UnknownStatus| {
        let what = format!("{:?} is not a status.", status.chars().take(40).collect::<String>());
        let [words @ .., last] = StatusFilter::ALL.map(StatusFilter::word);
        AppError::new(ErrorKind::Invalid, what, format!("Choose {} or {last}.", words.join(", ")))
    })
}

/// The time that an address names.
fn time(text: &str, now: i64) -> Answered<(Option<i64>, Option<i64>)> {
    let search = Search::read(&format!("started:{text}"), now);
    if let Err(SearchError { fault: Fault::Backwards { from, to }, .. }) = &search {
        let what = format!("The time {from}..{to} ends before it begins.");
        return Err(AppError::new(ErrorKind::Invalid, what, format!("Write the other end first: {to}..{from}.")));
    }
    let search = search.ok().filter(|search| search.terms.len() == 1);
    let Some([Term::Started(bounds)]) = search.as_ref().map(|search| search.terms.as_slice()) else {
        let what = format!("{:?} is no time.", text.chars().take(60).collect::<String>());
        let remedy =
            "Choose an age such as 24h or 7d, a day such as 2026-11-26, or a span such as 2026-11-26..2026-11-28.";
        return Err(AppError::new(ErrorKind::Invalid, what, remedy));
    };
    // Bounds of whole milliseconds: those from one on, and those before another.
    let from = bounds.from.map(|bound| bound.at + i64::from(!bound.within));
    let until = bounds.to.map(|bound| bound.at + i64::from(bound.within));
    Ok((from, until))
}

async fn page(desks: &[&Desk], desk: &Desk, actor: &Actor, view: View, asked: Asked) -> Answered<Executions> {
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    let mut listed = Listed::default();
    if asked.fault.is_none() {
        for one in desks {
            let oldest = one.oldest(actor).await.map_err(|error| worded(one, &error))?;
            listed.oldest = [listed.oldest, oldest].into_iter().flatten().min();
        }
        for (place, one) in desks.iter().enumerate() {
            let place = (desks.len() > 1 || view.is_everywhere()).then_some(place);
            listed.add(one, actor, &asked, place).await.map_err(|error| worded(one, &error))?;
        }
    }
    let older = listed.cut();
    let mut workflows: Vec<String> = snapshot.machines.values().map(|machine| machine.name.clone()).collect();
    workflows.sort();
    let machine = view.workflow.as_deref().and_then(|name| snapshot.machine_named(name));
    let express = machine.is_some_and(|machine| machine.kind == MachineKind::Express);
    let parent = match view.parent.clone() {
        Some(arn) => Some(parent(desk, actor, arn, &listed).await.map_err(|error| worded(desk, &error))?),
        None => None,
    };
    let saved = desk.views(actor).await.map_err(|error| worded(desk, &error))?;
    let is_searched = asked.wanted.search.reads_contents() || asked.wanted.search.reads_errors();
    let everywhere = view.is_everywhere();
    let acts = [Act::Start, Act::Stop, Act::Redrive];
    let refused = super::refused(desk, actor, asked.wanted.workflow.as_deref(), &acts);
    Ok(Executions {
        time: (asked.wanted.from, asked.wanted.until),
        total: listed.total(&asked),
        counts: listed.counts.filter(|_| asked.is_plain() && asked.fault.is_none()),
        histogram: listed.histogram.and_then(|(span, bars)| histogram(span, &bars.bars, bars.most)),
        rows: listed.rows.into_iter().map(|(_, row)| row).collect(),
        older,
        parent,
        workflows,
        status: asked.status,
        fault: asked.fault,
        coverage: is_searched.then_some(Coverage {
            unread: listed.unread.unread,
            withheld: listed.unread.withheld,
            unreadable: listed.unread.unreadable,
            total: listed.unread.total,
        }),
        places: if everywhere { desks.iter().map(|desk| place(desk)).collect() } else { Vec::new() },
        saved: saved.iter().map(saved_view).collect(),
        connections: 0,
        data_at: desks.iter().map(|desk| desk.data_at()).min().flatten(),
        express,
        refused,
        now: desk.now(),
        view,
    })
}

/// What the listed executions are the children of.
///
/// # Errors
/// There is no such execution or Map Run, and none of its children are known.
async fn parent(desk: &Desk, actor: &Actor, arn: String, listed: &Listed) -> Result<Parent, Error> {
    let whole = match desk.has_all_under(actor, &arn).await {
        // What is known is shown all the same, and said to be a part.
        Err(_) if !listed.rows.is_empty() => false,
        whole => whole?,
    };
    let of = listed.parent.clone().filter(|_| is_map_run(&arn));
    Ok(Parent { of, name: arn.rsplit(':').next().unwrap_or(&arn).to_owned(), arn, whole })
}

fn saved_view(one: &SavedView) -> Saved {
    Saved { id: one.id, name: one.name.clone(), view: View::of_query(&one.query) }
}

fn place(desk: &Desk) -> Place {
    Place { name: desk.id().as_str().to_owned(), colour: desk.about().colour.as_str().to_owned() }
}

/// What the connections have, merged by time.
#[derive(Default)]
struct Listed {
    rows: Vec<(ExecutionCursor, ExecutionRow)>,
    /// Whether a connection has more.
    more: bool,
    /// The execution whose Map Run started the first of them.
    parent: Option<String>,
    /// When the oldest execution of all connections started.
    oldest: Option<i64>,
    counts: Option<Vec<u64>>,
    counted: Option<(u64, bool)>,
    histogram: Option<(Span, Bars)>,
    unread: Unread,
}

impl Listed {
    async fn add(&mut self, desk: &Desk, actor: &Actor, asked: &Asked, place: Option<usize>) -> Result<(), Error> {
        let snapshot = desk.snapshot(actor).await?;
        let wanted = &asked.wanted;
        let ExecutionPage { rows, older } = desk.select(actor, wanted, asked.before, ROWS).await?;
        let is_all = older.is_none() && asked.before.is_none();
        self.more |= older.is_some();
        self.parent = self.parent.take().or_else(|| rows.first()?.parent_arn.clone());
        let place = place.and_then(|place| u8::try_from(place).ok());
        self.rows.extend(rows.iter().map(|one| (one.cursor, ExecutionRow { place, ..execution_row(&snapshot, one) })));
        if wanted.parent.is_some() {
            let counted = desk.count(actor, wanted, CHILDREN).await?;
            self.counted = Some((counted.count, counted.more));
            return Ok(());
        }
        let tabs = counts(&snapshot, wanted.workflow.as_deref(), &desk.tallies(actor).await?);
        let sum = self.counts.get_or_insert_with(|| vec![0; tabs.len()]);
        sum.iter_mut().zip(tabs).for_each(|(sum, tab)| *sum += tab);
        if wanted.search.reads_contents() || wanted.search.reads_errors() {
            let unread = desk.unread(actor).await?;
            self.unread.unread += unread.unread;
            self.unread.withheld += unread.withheld;
            self.unread.unreadable += unread.unreadable;
            self.unread.total += unread.total;
        }
        let span = match &self.histogram {
            Some((span, _)) => *span,
            None => span(wanted, self.oldest, desk.now()),
        };
        let bars = if is_all {
            // Nothing has to be read again to count what is here.
            Bars::of(rows.iter().map(|row| (row.cursor.started_at, row.shown)), span)
        } else {
            desk.starts(actor, wanted, span).await?
        };
        match &mut self.histogram {
            None => self.histogram = Some((span, bars)),
            Some((_, all)) => {
                all.bars.iter_mut().zip(bars.bars).for_each(|(all, bar)| all.counts.extend(bar.counts));
                all.most = [all.most, bars.most].into_iter().flatten().reduce(|one, other| one + other);
            }
        }
        Ok(())
    }

    /// The newest rows, a page of them; returns the cursor of the next page.
    fn cut(&mut self) -> Option<String> {
        self.rows.sort_by_key(|(cursor, _)| std::cmp::Reverse((cursor.started_at, cursor.number)));
        let rows = ROWS as usize;
        self.more |= self.rows.len() > rows;
        self.rows.truncate(rows);
        self.rows.last().filter(|_| self.more).map(|(cursor, _)| cursor.to_string())
    }

    /// How many there are in all.
    fn total(&self, asked: &Asked) -> Option<(u64, bool)> {
        if asked.fault.is_some() || self.counted.is_some() {
            return self.counted;
        }
        if let Some(counts) = self.counts.as_ref().filter(|_| asked.is_plain()) {
            let at = asked.status.and_then(|status| StatusFilter::ALL.iter().position(|one| *one == status));
            return counts.get(at.map_or(0, |at| at + 1)).map(|count| (*count, false));
        }
        let (_, bars) = self.histogram.as_ref()?;
        let sum = bars.bars.iter().flat_map(|bar| &bar.counts).map(|(_, n)| n).sum();
        Some((sum, bars.most.is_some()))
    }
}

/// The span that the histogram shows: from the oldest that may be there up to now.
fn span(wanted: &Wanted, oldest: Option<i64>, now: i64) -> Span {
    let bounds = wanted.search.terms.iter().filter_map(|term| match term {
        Term::Started(bounds) => Some((bounds.from.map(|bound| bound.at), bounds.to.map(|bound| bound.at))),
        _ => None,
    });
    let (from, until) = bounds.fold((wanted.from, wanted.until), |(from, until), (at_least, before)| {
        (from.max(at_least), [until, before].into_iter().flatten().min())
    });
    let oldest = oldest.unwrap_or(now);
    let from = from.map_or(oldest, |from| from.max(oldest.min(now))).min(now);
    // Those that a clock ahead of this one started are in the last bar.
    let until = until.unwrap_or(now + MINUTE).clamp(from + 1, now + MINUTE);
    let fits = |width: &i64| (until - from.div_euclid(*width) * width + width - 1) / width <= BARS;
    let width = WIDTHS.into_iter().find(fits).unwrap_or_else(|| ((until - from) / (BARS - 1) / DAY + 1) * DAY);
    let from = from.div_euclid(width) * width;
    let bars = usize::try_from((until - from + width - 1) / width).unwrap_or(1).max(1);
    Span { from, width, bars }
}

fn histogram(span: Span, bars: &[Counts], newest: Option<u64>) -> Option<Histogram> {
    let sum = |bar: &Counts| bar.counts.iter().map(|(_, n)| n).sum::<u64>();
    let most = bars.iter().map(sum).max().filter(|most| *most > 0)?;
    let bar = |(at, bar): (usize, &Counts)| {
        let at = u16::try_from(at).ok()?;
        let from = span.from + i64::from(at) * span.width;
        let mut counts: Vec<(crate::wire::Status, u64)> = Vec::new();
        for filter in StatusFilter::ALL {
            let n: u64 = bar.counts.iter().filter(|(shown, _)| *shown == shown_by(filter)).map(|(_, n)| n).sum();
            if n > 0 {
                counts.push((shown_status(shown_by(filter)), n));
            }
        }
        (!counts.is_empty()).then(|| Bar {
            at,
            time: format!("{}..{}", iso(from), iso(from + span.width - SECOND)),
            counts,
        })
    };
    Some(Histogram {
        bars: bars.iter().enumerate().filter_map(bar).collect(),
        parts: u16::try_from(bars.len()).unwrap_or(u16::MAX),
        most,
        newest,
        from: span.from,
        until: span.until(),
    })
}

/// A second as an address has it.
fn iso(ms: i64) -> String {
    let text = absolute(ms);
    format!("{}T{}", &text[..10], &text[11..19])
}

/// How many executions each tab holds.
fn counts(snapshot: &Snapshot, workflow: Option<&str>, tallies: &[Tally]) -> Vec<u64> {
    let is_wanted = |tally: &&Tally| {
        let machine = snapshot.machines.get(&tally.machine_arn);
        workflow.is_none_or(|name| machine.is_some_and(|machine| machine.name == name))
    };
    let tabs = std::iter::once(None).chain(StatusFilter::ALL.map(Some));
    tabs.map(|tab| tallies.iter().filter(is_wanted).map(|tally| tally.of_filter(tab.map(shown_by))).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(from: Option<i64>, until: Option<i64>) -> Wanted {
        Wanted { from, until, ..Wanted::default() }
    }

    #[test]
    fn the_histogram_covers_what_may_be_there() {
        let now = 1_764_160_000_000;
        for (from, until, oldest) in [
            (None, None, None),
            (None, None, Some(now - 90 * DAY)),
            (Some(now - DAY), None, Some(now - 90 * DAY)),
            (Some(now - 2 * HOUR), Some(now - HOUR), Some(now - 90 * DAY)),
            (Some(now + DAY), None, Some(now)),
            (None, Some(0), Some(now - DAY)),
            (None, None, Some(0)),
            (None, None, Some(now + DAY)),
        ] {
            let span = span(&wanted(from, until), oldest, now);
            assert!((1..=60).contains(&span.bars), "{span:?}");
            let begin = from.into_iter().chain(oldest).max().unwrap_or(now).min(now);
            assert!(span.from <= begin && span.until() > span.from, "{span:?} of {from:?} {until:?} {oldest:?}");
        }
    }

    #[test]
    fn a_bar_leads_to_its_time() {
        let span = Span { from: 1_764_158_400_000, width: 10 * MINUTE, bars: 2 };
        let failed = countersign_desk::connection::ExecutionStatus::Failed;
        let counts = vec![(countersign_desk::index::Shown::Status(failed), 3)];
        let shown = histogram(span, &[Counts::default(), Counts { counts }], None).expect("a histogram");
        assert_eq!(shown.bars.len(), 1);
        assert_eq!(shown.bars[0].time, "2025-11-26T12:10:00..2025-11-26T12:19:59");
        assert_eq!(time(&shown.bars[0].time, 0), Ok((Some(1_764_159_000_000), Some(1_764_159_600_000))));
        assert!(histogram(span, &[Counts::default()], None).is_none());
        assert!(time("yesterday", 0).is_err() && time("24h x", 0).is_err() && time("", 0).is_err());
        assert_eq!(time("24h", DAY), Ok((Some(0), None)));
    }
}
