//! `countersign user`: users, from the terminal of whoever owns the data folder.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use countersign_desk::people::{NewUser, People, PeopleError};
use countersign_desk::policy::Authority;
use countersign_desk::store::{Identity, Store as _, User};
use countersign_desk::{Actor, Clock};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::config::{ConfigError, UserArgs, UserVerb};
use super::settings::{FILE, Mistake};
use super::start::{StartError, open_store};
use super::{oidc, terminal, words};

/// Bytes of a password that are read.
const LONGEST: u64 = 4_096;

/// Carries a command out.
///
/// # Errors
/// What is wrong, with the remedy.
pub async fn run(args: UserArgs) -> Result<(), StartError> {
    // Only the first user makes a data folder: a name that was mistyped must not.
    if !args.data.join("countersign.db").exists() && !matches!(args.verb, UserVerb::Add { .. }) {
        let data = args.data.display();
        return match args.verb {
            UserVerb::List => {
                println!("{}", list(&[]));
                Ok(())
            }
            _ => Err(StartError::User(format!("There are no users in {data}.\nName the data folder with --data DIR."))),
        };
    }
    let store = Arc::new(open_store(&args.data).await?);
    let people = People::new(Arc::clone(&store) as _, Clock::system(), Arc::new(Authority::shipped()));
    let done = carry_out(&people, &args.data, args.verb).await;
    store.close().await;
    println!("{}", terminal::lines(&done?));
    Ok(())
}

fn worded(error: PeopleError) -> StartError {
    let problem = words::people(&error);
    StartError::User(format!("{}\n{}", problem.what, problem.remedy))
}

async fn carry_out(people: &People, data: &Path, verb: UserVerb) -> Result<String, StartError> {
    let me = Actor::Program;
    match verb {
        UserVerb::Add { id, name, email, group } => {
            let new = NewUser { id, name: name.unwrap_or_default(), email, groups: group };
            // A mistake is reported before a password is asked for.
            let new = new.checked().map_err(worded)?;
            let (password, hint) = (password()?, without_role(&new.groups));
            let id = people.add(&me, new, Some(&password)).await.map_err(worded)?;
            Ok(format!("Added {id}.{hint}"))
        }
        UserVerb::List => Ok(list(&people.users(&me).await.map_err(worded)?)),
        UserVerb::Disable { id } => {
            people.disable(&me, &id).await.map_err(worded)?;
            Ok(format!("Disabled {id}: every session has ended, and API tokens no longer hold."))
        }
        UserVerb::Enable { id } => {
            people.enable(&me, &id).await.map_err(worded)?;
            Ok(format!("Enabled {id}."))
        }
        UserVerb::SetPassword { id } => {
            people.set_password(&me, &id, &password()?).await.map_err(worded)?;
            Ok(format!("Set the password of {id}: every session has ended."))
        }
        UserVerb::Link { id, subject } => {
            let identity = Identity { issuer: issuer(data)?, subject };
            people.link(&me, &id, &identity).await.map_err(worded)?;
            Ok(format!("Linked {id} with {} at {}.", identity.subject, identity.issuer))
        }
        UserVerb::Groups { id, groups } => {
            people.set_groups(&me, &id, &groups).await.map_err(worded)?;
            Ok(format!("{id} is in {}.{}", listed(&groups), without_role(&groups)))
        }
    }
}

/// The provider of the settings.
fn issuer(data: &Path) -> Result<String, StartError> {
    let failed = |mistakes: Vec<Mistake>| StartError::Config(mistakes.into_iter().map(ConfigError::Setting).collect());
    let provider = oidc::config::configured(data).map_err(failed)?.ok_or_else(|| {
        let file = data.join(FILE);
        StartError::User(format!(
            "{} names no provider with which people sign in.\nDescribe it in [oidc].",
            file.display()
        ))
    })?;
    Ok(provider.issuer)
}

/// The groups to which the policies that ship give a role.
const ROLES: [&str; 5] = ["viewers", "approvers", "operators", "deployers", "administrators"];

/// What whoever is in no role has to know: an approver whom a manifest names would not even see the request.
fn without_role(groups: &[String]) -> String {
    if groups.iter().any(|group| ROLES.contains(&group.as_str())) {
        return String::new();
    }
    format!("\nThey see no workflow: that takes one of the groups {}, or a policy of yours.", ROLES.join(", "))
}

fn listed(groups: &[String]) -> String {
    if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") }
}

fn list(users: &[User]) -> String {
    if users.is_empty() {
        return "There are no users. Add one with countersign user add ID --group administrators.".to_owned();
    }
    let of = |part: fn(&User) -> usize| users.iter().map(part).max().unwrap_or_default();
    let (ids, names) = (of(|user| user.id.chars().count()), of(|user| user.name.chars().count()));
    let line = |user: &User| {
        let state = match (user.disabled, user.has_password) {
            (true, _) => ", disabled",
            (false, false) => ", no password yet",
            (false, true) => "",
        };
        format!("{:<ids$}  {:<names$}  {}{state}", user.id, user.name, listed(&user.groups))
    };
    users.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A password: typed twice on a terminal, unseen; else the first line of the standard input.
fn password() -> Result<String, StartError> {
    let failed = |error: std::io::Error| StartError::User(format!("The password could not be read: {error}."));
    if !std::io::stdin().is_terminal() {
        return line().map_err(failed);
    }
    let typed = asked("Password: ").map_err(failed)?;
    if asked("The same again: ").map_err(failed)? == typed {
        return Ok(typed);
    }
    Err(StartError::User("The two passwords differ.\nNothing was changed. Try again.".to_owned()))
}

fn line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().take(LONGEST).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks on a terminal, which does not show what is typed.
fn asked(question: &str) -> std::io::Result<String> {
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal)?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    eprint!("{question}");
    std::io::stderr().flush()?;
    tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
    let typed = line();
    tcsetattr(&terminal, OptionalActions::Now, &before)?;
    eprintln!();
    typed
}
