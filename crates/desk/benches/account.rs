//! What the watch shows of a large account, and what it asks for it: AWS simulated, with its quotas and a clock that is
//! set. `cargo bench -p countersign-desk --features fake`.

use countersign_desk::watch::account::{Calls, Figures, simulate};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("50 workflows, 20 of which ask people; 1,000 running executions; 20 browsers; quotas of us-east-1");
    for looked_at in [1, 5, 10] {
        show(looked_at, runtime.block_on(simulate(looked_at)));
    }
}

fn show(looked_at: usize, figures: Figures) {
    println!("executions that somebody looks at: {looked_at}");
    println!("  last known to run            {:>7.1} s ago", seconds(figures.oldest_looked_at));
    println!("  oldest of their histories    {:>7.1} s", seconds(figures.oldest_history));
    println!("  slowest request to the inbox {:>7.1} s", seconds(figures.slowest_request));
    println!("  longest sweep of a history   {:>7.1} s", seconds(figures.longest_sweep));
    println!("  throttled calls              {:>7}", figures.throttled);
    println!("  {:<34} seconds   most calls in them   half of the quota   calls a minute", "operation");
    for (api, Calls { window, most, half, a_minute }) in figures.calls {
        println!("  {:<34} {window:>7} {most:>20} {half:>19.0} {a_minute:>16.0}", api.name());
    }
}

fn seconds(milliseconds: i64) -> f64 {
    std::time::Duration::from_millis(milliseconds.unsigned_abs()).as_secs_f64()
}
