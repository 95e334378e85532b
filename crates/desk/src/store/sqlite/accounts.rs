//! Users, sessions and API tokens, in SQLite.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::Sqlite;
use super::rows::{as_json, user_groups};
use crate::store::{Accounts, Hash, Identity, Invited, Kept, Scope, SessionRow, StoreError, TokenRow, User};

/// The columns of a user; the rest of the query follows.
macro_rules! users {
    ($rest:literal) => {
        concat!(
            "SELECT users.rowid AS user_row, users.id AS user_id, users.name AS user_name, users.email, users.groups, ",
            "users.password IS NOT NULL AS has_password, users.disabled, users.made_at AS user_made_at ",
            $rest
        )
    };
}

fn user(row: &SqliteRow) -> Result<User, StoreError> {
    Ok(User {
        id: row.try_get("user_id")?,
        name: row.try_get("user_name")?,
        email: row.try_get("email")?,
        groups: user_groups(row.try_get("user_row")?, row.try_get("groups")?)?,
        disabled: row.try_get("disabled")?,
        has_password: row.try_get("has_password")?,
        made_at: row.try_get("user_made_at")?,
    })
}

fn unreadable(table: &'static str, row: i64, column: &'static str, why: impl Into<String>) -> StoreError {
    StoreError::Unreadable { table, row, column, why: why.into() }
}

fn session(row: &SqliteRow) -> Result<SessionRow, StoreError> {
    let hash: Vec<u8> = row.try_get("hash")?;
    let number = row.try_get("session_row")?;
    Ok(SessionRow {
        hash: hash.try_into().map_err(|_| unreadable("sessions", number, "hash", "it has not 32 bytes"))?,
        user: row.try_get("user")?,
        made_at: row.try_get("made_at")?,
        seen_at: row.try_get("seen_at")?,
        address: row.try_get("address")?,
        agent: row.try_get("agent")?,
    })
}

fn token(row: &SqliteRow) -> Result<TokenRow, StoreError> {
    let id = row.try_get("id")?;
    let scope: &str = row.try_get("scope")?;
    Ok(TokenRow {
        id,
        user: row.try_get("user")?,
        name: row.try_get("name")?,
        scope: Scope::of(scope).ok_or_else(|| unreadable("tokens", id, "scope", format!("{scope:?} is none")))?,
        made_at: row.try_get("made_at")?,
        expires_at: row.try_get("expires_at")?,
        used_at: row.try_get("used_at")?,
    })
}

fn invited(user: Option<String>) -> Invited {
    user.map_or(Invited::First, Invited::User)
}

impl Accounts for Sqlite {
    fn users(&self) -> Kept<'_, Vec<User>> {
        Box::pin(async move {
            let rows = sqlx::query(users!("FROM users ORDER BY users.id")).fetch_all(&self.reader).await?;
            rows.iter().map(user).collect()
        })
    }

    fn user<'a>(&'a self, id: &'a str) -> Kept<'a, Option<User>> {
        Box::pin(async move {
            let found = sqlx::query(users!("FROM users WHERE users.id = ?")).bind(id);
            found.fetch_optional(&self.reader).await?.as_ref().map(user).transpose()
        })
    }

    fn password<'a>(&'a self, id: &'a str) -> Kept<'a, Option<String>> {
        Box::pin(async move {
            let found = sqlx::query_scalar::<_, Option<String>>("SELECT password FROM users WHERE id = ?").bind(id);
            Ok(found.fetch_optional(&self.reader).await?.flatten())
        })
    }

    fn add_user<'a>(&'a self, user: &'a User, password: Option<&'a str>, first: bool) -> Kept<'a, bool> {
        Box::pin(async move {
            // One statement, so that of two who are the first at the same time one is.
            let added = sqlx::query(
                "INSERT INTO users (id, name, email, groups, password, disabled, made_at)
                 SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT (? AND EXISTS (SELECT 1 FROM users)) ON CONFLICT DO NOTHING",
            )
            .bind(&user.id)
            .bind(&user.name)
            .bind(&user.email)
            .bind(as_json("a user's groups", &user.groups)?)
            .bind(password)
            .bind(user.disabled)
            .bind(user.made_at)
            .bind(first)
            .execute(&self.writer)
            .await?;
            Ok(added.rows_affected() > 0)
        })
    }

    fn identified<'a>(&'a self, identity: &'a Identity) -> Kept<'a, Option<User>> {
        Box::pin(async move {
            let found = sqlx::query(users!(
                "FROM identities JOIN users ON users.id = identities.user WHERE issuer = ? AND subject = ?"
            ));
            let found = found.bind(&identity.issuer).bind(&identity.subject);
            found.fetch_optional(&self.reader).await?.as_ref().map(user).transpose()
        })
    }

    fn add_identified<'a>(&'a self, user: &'a User, identity: &'a Identity) -> Kept<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.writer.begin().await?;
            let added = sqlx::query(
                "INSERT INTO users (id, name, email, groups, password, disabled, made_at)
                 VALUES (?, ?, ?, ?, NULL, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(&user.id)
            .bind(&user.name)
            .bind(&user.email)
            .bind(as_json("a user's groups", &user.groups)?)
            .bind(user.disabled)
            .bind(user.made_at)
            .execute(&mut *transaction)
            .await?;
            let link = "INSERT INTO identities (issuer, subject, user) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
            let link = sqlx::query(link).bind(&identity.issuer).bind(&identity.subject).bind(&user.id);
            // Without both there is neither: the transaction is dropped.
            let both = added.rows_affected() > 0 && link.execute(&mut *transaction).await?.rows_affected() > 0;
            if both {
                transaction.commit().await?;
            }
            Ok(both)
        })
    }

    fn set_identity<'a>(&'a self, id: &'a str, identity: &'a Identity) -> Kept<'a, bool> {
        Box::pin(async move {
            let set = sqlx::query(
                "INSERT INTO identities (issuer, subject, user) SELECT ?, ?, id FROM users WHERE id = ?
                 ON CONFLICT (issuer, subject) DO UPDATE SET user = excluded.user",
            );
            let set = set.bind(&identity.issuer).bind(&identity.subject).bind(id).execute(&self.writer).await?;
            Ok(set.rows_affected() > 0)
        })
    }

    fn set_profile<'a>(&'a self, user: &'a User) -> Kept<'a, ()> {
        Box::pin(async move {
            let set = sqlx::query("UPDATE users SET name = ?, email = ?, groups = ? WHERE id = ?");
            let set = set.bind(&user.name).bind(&user.email).bind(as_json("a user's groups", &user.groups)?);
            set.bind(&user.id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn set_groups<'a>(&'a self, id: &'a str, groups: &'a [String]) -> Kept<'a, bool> {
        Box::pin(async move {
            let set = sqlx::query("UPDATE users SET groups = ? WHERE id = ?");
            let set = set.bind(as_json("a user's groups", &groups)?).bind(id).execute(&self.writer).await?;
            Ok(set.rows_affected() > 0)
        })
    }

    fn set_disabled<'a>(&'a self, id: &'a str, disabled: bool) -> Kept<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.writer.begin().await?;
            let set = sqlx::query("UPDATE users SET disabled = ? WHERE id = ?").bind(disabled).bind(id);
            let set = set.execute(&mut *transaction).await?;
            if disabled {
                let end = sqlx::query("DELETE FROM sessions WHERE user = ?").bind(id);
                end.execute(&mut *transaction).await?;
                let void = sqlx::query("DELETE FROM invitations WHERE user = ?").bind(id);
                void.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(set.rows_affected() > 0)
        })
    }

    fn set_password<'a>(&'a self, id: &'a str, password: &'a str) -> Kept<'a, bool> {
        Box::pin(async move {
            let mut transaction = self.writer.begin().await?;
            let set = sqlx::query("UPDATE users SET password = ? WHERE id = ?").bind(password).bind(id);
            let set = set.execute(&mut *transaction).await?;
            for end in ["DELETE FROM sessions WHERE user = ?", "DELETE FROM invitations WHERE user = ?"] {
                sqlx::query(end).bind(id).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(set.rows_affected() > 0)
        })
    }

    fn invite<'a>(&'a self, hash: &'a Hash, invited: &'a Invited, expires_at: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let user = match invited {
                Invited::First => None,
                Invited::User(id) => Some(id),
            };
            let mut transaction = self.writer.begin().await?;
            let void = sqlx::query("DELETE FROM invitations WHERE user IS ?").bind(user);
            void.execute(&mut *transaction).await?;
            let keep = sqlx::query("INSERT INTO invitations (hash, user, expires_at) VALUES (?, ?, ?)");
            keep.bind(&hash[..]).bind(user).bind(expires_at).execute(&mut *transaction).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn invited<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, Option<Invited>> {
        Box::pin(async move {
            let found = sqlx::query_scalar("SELECT user FROM invitations WHERE hash = ? AND expires_at > ?");
            Ok(found.bind(&hash[..]).bind(now).fetch_optional(&self.reader).await?.map(invited))
        })
    }

    fn take_invitation<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, Option<Invited>> {
        Box::pin(async move {
            let taken = sqlx::query_scalar("DELETE FROM invitations WHERE hash = ? AND expires_at > ? RETURNING user");
            Ok(taken.bind(&hash[..]).bind(now).fetch_optional(&self.writer).await?.map(invited))
        })
    }

    fn add_session<'a>(&'a self, session: &'a SessionRow, password: Option<&'a str>) -> Kept<'a, bool> {
        Box::pin(async move {
            let added = sqlx::query(
                "INSERT INTO sessions (hash, user, made_at, seen_at, address, agent)
                 SELECT ?1, id, ?2, ?3, ?4, ?5 FROM users WHERE id = ?6 AND (?7 IS NULL OR password = ?7) AND disabled = 0",
            )
            .bind(&session.hash[..])
            .bind(session.made_at)
            .bind(session.seen_at)
            .bind(&session.address)
            .bind(&session.agent)
            .bind(&session.user)
            .bind(password)
            .execute(&self.writer)
            .await?;
            Ok(added.rows_affected() > 0)
        })
    }

    fn session<'a>(&'a self, hash: &'a Hash) -> Kept<'a, Option<(SessionRow, User)>> {
        Box::pin(async move {
            let found = sqlx::query(users!(
                ", sessions.rowid AS session_row, sessions.* FROM sessions JOIN users ON users.id = sessions.user WHERE hash = ?"
            ));
            let found = found.bind(&hash[..]).fetch_optional(&self.reader).await?;
            found.map(|row| Ok((session(&row)?, user(&row)?))).transpose()
        })
    }

    fn touch_session<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, ()> {
        Box::pin(async move {
            let touch = sqlx::query("UPDATE sessions SET seen_at = MAX(seen_at, ?) WHERE hash = ?");
            touch.bind(now).bind(&hash[..]).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn sessions<'a>(&'a self, user: &'a str) -> Kept<'a, Vec<SessionRow>> {
        Box::pin(async move {
            let found = "SELECT rowid AS session_row, * FROM sessions WHERE user = ? ORDER BY seen_at DESC";
            let rows = sqlx::query(found).bind(user).fetch_all(&self.reader).await?;
            rows.iter().map(session).collect()
        })
    }

    fn remove_session<'a>(&'a self, hash: &'a Hash) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM sessions WHERE hash = ?").bind(&hash[..]).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn remove_sessions<'a>(&'a self, user: &'a str) -> Kept<'a, ()> {
        Box::pin(async move {
            sqlx::query("DELETE FROM sessions WHERE user = ?").bind(user).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn sweep(&self, made: i64, seen: i64, now: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            let sessions = sqlx::query("DELETE FROM sessions WHERE made_at <= ? OR seen_at <= ?");
            sessions.bind(made).bind(seen).execute(&self.writer).await?;
            let links = sqlx::query("DELETE FROM invitations WHERE expires_at <= ?");
            links.bind(now).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn add_token<'a>(&'a self, hash: &'a Hash, token: &'a TokenRow) -> Kept<'a, i64> {
        Box::pin(async move {
            let added = sqlx::query(
                "INSERT INTO tokens (hash, user, name, scope, made_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(&hash[..])
            .bind(&token.user)
            .bind(&token.name)
            .bind(token.scope.word())
            .bind(token.made_at)
            .bind(token.expires_at)
            .execute(&self.writer)
            .await?;
            Ok(added.last_insert_rowid())
        })
    }

    fn token<'a>(&'a self, hash: &'a Hash) -> Kept<'a, Option<(TokenRow, User)>> {
        Box::pin(async move {
            let found =
                sqlx::query(users!(", tokens.* FROM tokens JOIN users ON users.id = tokens.user WHERE hash = ?"));
            let found = found.bind(&hash[..]).fetch_optional(&self.reader).await?;
            found.map(|row| Ok((token(&row)?, user(&row)?))).transpose()
        })
    }

    fn tokens<'a>(&'a self, user: &'a str) -> Kept<'a, Vec<TokenRow>> {
        Box::pin(async move {
            let rows = sqlx::query("SELECT * FROM tokens WHERE user = ? ORDER BY id DESC").bind(user);
            rows.fetch_all(&self.reader).await?.iter().map(token).collect()
        })
    }

    fn touch_token(&self, id: i64, now: i64) -> Kept<'_, ()> {
        Box::pin(async move {
            sqlx::query("UPDATE tokens SET used_at = ? WHERE id = ?").bind(now).bind(id).execute(&self.writer).await?;
            Ok(())
        })
    }

    fn remove_token<'a>(&'a self, user: &'a str, id: i64) -> Kept<'a, Option<String>> {
        Box::pin(async move {
            let removed = sqlx::query_scalar("DELETE FROM tokens WHERE id = ? AND user = ? RETURNING name");
            Ok(removed.bind(id).bind(user).fetch_optional(&self.writer).await?)
        })
    }
}
