//! How a search is written.

use leptos::prelude::*;

/// Examples, and what each finds.
const EXAMPLES: [(&str, &str); 12] = [
    ("4711", "the word in the name, the input or the output"),
    ("\"late delivery\"", "these words, one after the other"),
    ("orderId:4711", "this value under this key, wherever the key stands"),
    ("customer.id:C-17", "under this key within that one"),
    ("orderId:47*", "a value that begins so"),
    ("total>1000  total:10..20", "a number: > >= < <= or a span"),
    ("status:failed  error:States.*", "how it ended"),
    ("name:night  name:order-*", "a part of the name, or its beginning"),
    ("workflow:order  version:3  alias:live", "what it runs"),
    ("duration>30s  duration:1m..5m", "how long it took, once it has ended"),
    ("started>2h  ended:2026-11-26", "when it started or ended: an age, a day or a time (UTC)"),
    ("input:refund  output:paid", "the word in the one or the other; \"input\":x is a key named input"),
];

/// The explanation, folded until it is asked for.
pub fn help() -> AnyView {
    let example = |(search, finds): (&'static str, &'static str)| view! { <div><dt class="mono">{search}</dt><dd>{finds}</dd></div> };
    view! {
        <details class="search-help">
            <summary>"How to search"</summary>
            <div class="search-help-text">
                <p>"Conditions stand between spaces, and all of them hold. Capitals do not matter."</p>
                <dl>{EXAMPLES.map(example).collect_view()}</dl>
                <p class="quiet">
                    "Inputs and outputs above 16 KB are searched by their first 16 KB, by at most 200 values under keys and 64 numbers, and values by their first 64 characters. Task tokens are not searched."
                </p>
            </div>
        </details>
    }
    .into_any()
}
