//! Opening the connections.

use countersign_desk::connection::{Connection, ConnectionId, ConnectionKind, SdkOptions};

use super::{StartError, is_default};
use crate::server::connections::Configured;

/// The default connection and the others, made at the same time: reading a profile or asking for a region may take a while.
/// No call to Step Functions is made, so none of them delays the start.
pub async fn opened(
    options: SdkOptions,
    configured: Vec<Configured>,
) -> Result<(Connection, Vec<Connection>), StartError> {
    let (of_default, others): (Vec<_>, Vec<_>) = configured.into_iter().partition(|one| is_default(&one.id));
    let default = Configured::named(ConnectionId::default_one());
    let default = of_default.into_iter().next().unwrap_or(default);
    let open = |one: Configured, options: SdkOptions| async move {
        let mut connection = Connection::open(one.id, options).await;
        let about = &mut connection.about;
        about.label = one.label.unwrap_or_else(|| std::mem::take(&mut about.label));
        about.colour = one.colour.unwrap_or(about.colour);
        about.read_only = one.read_only;
        if about.kind == ConnectionKind::Aws && about.region.is_empty() {
            return Err(StartError::NoRegion(connection.id));
        }
        Ok(connection)
    };
    let others = others.into_iter().map(|one| {
        let options = one.options();
        open(one, options)
    });
    let (default, others) = tokio::join!(open(default, options), futures::future::join_all(others));
    Ok((default?, others.into_iter().collect::<Result<_, _>>()?))
}
