//! The parameters of an address: each is checked, and one that nobody knows is refused, since a filter that is misspelt would
//! show too much.

use super::problem::Problem;

/// The parameters, each with its value.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads an address's query, in which only these names may stand.
    pub fn read(query: Option<&str>, names: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<(String, String)> =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                let name: String = name.chars().take(40).collect();
                let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                let detail = format!("There is no parameter {name:?} here.");
                return Err(Problem::parameter(&name, detail, format!("Leave it out. These are known: {known}.")));
            }
            if pairs[..at].iter().any(|(other, _)| other == name) {
                let detail = format!("The parameter {name} stands several times.");
                return Err(Problem::parameter(name, detail, "Give it once."));
            }
        }
        Ok(Self(pairs))
    }

    /// A parameter that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The parameter `limit`: how many rows a page has.
    pub fn limit(&self, default: u32, most: u32) -> Result<u32, Problem> {
        let Some(text) = self.get("limit") else { return Ok(default) };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            Problem::parameter("limit", format!("{text:?} is no limit."), format!("Give a number from 1 to {most}."))
        })
    }

    /// The parameter `cursor`: where the page begins.
    pub fn cursor<T: std::str::FromStr>(&self) -> Result<Option<T>, Problem> {
        let cursor = self.get("cursor").map(str::parse).transpose();
        cursor.map_err(|_| {
            let remedy = "Take it from `next` of the page before, or leave it out to begin with the first page.";
            Problem::parameter("cursor", "This is no cursor of this list.", remedy)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn a_parameter_is_known_once_and_within_its_bounds() {
        let read = |query: &str| Query::read(Some(query), &["limit", "cursor"]);
        assert_eq!(read("limit=7").unwrap().limit(50, 100).unwrap(), 7);
        assert_eq!(read("").unwrap().limit(50, 100).unwrap(), 50);
        assert_eq!(read("limit=").unwrap().limit(50, 100).unwrap(), 50);
        for limit in ["0", "101", "-1", "x", "1e3", "4294967296"] {
            let problem = read(&format!("limit={limit}")).unwrap().limit(50, 100).unwrap_err();
            assert_eq!((problem.status, problem.parameter.as_deref()), (400, Some("limit")), "{limit}");
        }
        let unknown = read("limt=7").unwrap_err();
        assert!(unknown.detail.contains("limt") && unknown.remedy.contains("limit, cursor"), "{unknown:?}");
        assert!(read("limit=1&limit=2").unwrap_err().detail.contains("several times"));
        assert!(read("cursor=x").unwrap().cursor::<u64>().is_err());
        assert_eq!(read("cursor=5").unwrap().cursor::<u64>().unwrap(), Some(5));
    }
}
