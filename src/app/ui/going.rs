//! How a script goes to an address of this site. The address is whole: the router would put the path that the site is below
//! before it once more.

use leptos_router::NavigateOptions;

/// To another page.
pub fn to_page() -> NavigateOptions {
    NavigateOptions { resolve: false, ..NavigateOptions::default() }
}

/// To another view of the same page, which stays where it is on the screen.
pub fn in_place() -> NavigateOptions {
    NavigateOptions { scroll: false, ..to_page() }
}
