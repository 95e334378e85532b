//! An upper bound of the size of a template's values, computed before it is rendered.
//!
//! minijinja's fuel counts steps. A single step can double a text, and two dozen doublings fill the memory. So the template
//! is walked first, with the largest possible size of each expression in place of its value. A template whose values could
//! become too large is refused; templates of requests stay far below the limit.

use minijinja::machinery::ast::{BinOpKind, CallArg, Expr, Stmt};
use minijinja::machinery::{WhitespaceConfig, parse};
use minijinja::syntax::SyntaxConfig;

/// The largest size of one value, in bytes.
const LARGEST: u64 = 32 * 1024 * 1024;
/// The largest size of all created values together, in bytes.
const ALL: u64 = 16 * LARGEST;
/// The size of a value that is not a text.
const SMALL: u64 = 64;
/// A loop's body is walked this often: a value that grows exponentially is too large by then.
const TURNS: u64 = 32;
/// Items of the longest range that minijinja creates.
const RANGE: u64 = 100_000;
/// The size of a list of a text's characters, per byte of the text.
const LISTED: u64 = 32;

/// Why a template is not rendered; `None` if it may be. A template that cannot be parsed fails when it is rendered.
pub fn grows(template: &str, request_bytes: usize) -> Option<String> {
    let parsed = parse(template, "template", SyntaxConfig, WhitespaceConfig::default()).ok()?;
    let request = u64::try_from(request_bytes).unwrap_or(u64::MAX);
    let mut sizes = Sizes { names: vec![("request".to_owned(), request)], made: 0 };
    sizes.statement(&parsed).err()
}

struct Sizes {
    /// The last entry of a name is its current value.
    names: Vec<(String, u64)>,
    made: u64,
}

/// The size of a written or created value, or why it is unbounded.
type Size = Result<u64, String>;

impl Sizes {
    /// Counts a created value.
    fn make(&mut self, size: u64) -> Size {
        self.made = self.made.saturating_add(size);
        if size > LARGEST || self.made > ALL {
            return Err("it could make a text of many megabytes".to_owned());
        }
        Ok(size)
    }

    fn all(&mut self, statements: &[Stmt<'_>]) -> Size {
        let mut written = 0_u64;
        for statement in statements {
            written = written.saturating_add(self.statement(statement)?);
        }
        Ok(written)
    }

    /// The output of statements in a scope of their own.
    fn scope(&mut self, statements: &[Stmt<'_>]) -> Size {
        let outside = self.names.len();
        let written = self.all(statements);
        self.names.truncate(outside);
        written
    }

    /// The output of a statement.
    fn statement(&mut self, statement: &Stmt<'_>) -> Size {
        match statement {
            Stmt::Template(template) => self.all(&template.children),
            Stmt::EmitRaw(raw) => Ok(raw.raw.len() as u64),
            // A text is escaped where it is written, and a number may be spelled out.
            Stmt::EmitExpr(emit) => Ok(self.expression(&emit.expr)?.saturating_mul(6)),
            Stmt::AutoEscape(block) => self.all(&block.body),
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr)?;
                Ok(self.all(&condition.true_body)?.saturating_add(self.all(&condition.false_body)?))
            }
            Stmt::Set(set) => {
                let size = self.expression(&set.expr)?;
                self.name(&set.target, size)?;
                Ok(0)
            }
            Stmt::SetBlock(block) => {
                let written = self.scope(&block.body)?;
                let size = self.filtered(block.filter.as_ref(), written)?;
                self.name(&block.target, size)?;
                Ok(0)
            }
            Stmt::FilterBlock(block) => {
                let written = self.scope(&block.body)?;
                self.filtered(Some(&block.filter), written)
            }
            Stmt::WithBlock(block) => {
                let outside = self.names.len();
                for (target, value) in &block.assignments {
                    let size = self.expression(value)?;
                    self.name(target, size)?;
                }
                let written = self.all(&block.body);
                self.names.truncate(outside);
                written
            }
            Stmt::ForLoop(each) if !each.recursive => {
                let items = self.expression(&each.iter)?;
                let outside = self.names.len();
                self.name(&each.target, items)?;
                let mut of_items = 0;
                for _ in 0..TURNS.min(items.max(1)) {
                    if let Some(filter) = &each.filter_expr {
                        self.expression(filter)?;
                    }
                    of_items = self.all(&each.body)?;
                }
                // All items together are as large as their list; the text beside them is written once an item.
                self.name(&each.target, 0)?;
                let beside = self.all(&each.body)?.saturating_mul(items / 2 + 1);
                self.names.truncate(outside);
                Ok(of_items.saturating_add(beside).saturating_add(self.scope(&each.else_body)?))
            }
            _ => Err("it may not contain macros, blocks or other templates".to_owned()),
        }
    }

    /// Assigns a value to a name, or to the names that it is unpacked into.
    fn name(&mut self, target: &Expr<'_>, size: u64) -> Result<(), String> {
        match target {
            Expr::Var(name) => self.names.push((name.id.to_owned(), size)),
            Expr::List(list) => {
                for item in &list.items {
                    self.name(item, size)?;
                }
            }
            _ => return Err("it sets a part of a value".to_owned()),
        }
        Ok(())
    }

    fn filtered(&mut self, filter: Option<&Expr<'_>>, base: u64) -> Size {
        let base = self.make(base)?;
        match filter {
            None => Ok(base),
            Some(Expr::Filter(filter)) => {
                let base = if filter.expr.is_some() { self.filtered(filter.expr.as_ref(), base)? } else { base };
                self.filter(filter.name, base, &filter.args)
            }
            Some(_) => Ok(base),
        }
    }

    /// The largest size of an expression's value.
    fn expression(&mut self, expression: &Expr<'_>) -> Size {
        match expression {
            Expr::Var(name) => {
                Ok(self.names.iter().rev().find(|(known, _)| known == name.id).map_or(SMALL, |(_, size)| *size))
            }
            Expr::Const(value) => Ok(value.value.to_string().len() as u64),
            Expr::GetAttr(part) => self.expression(&part.expr),
            Expr::GetItem(part) => {
                self.expression(&part.subscript_expr)?;
                self.expression(&part.expr)
            }
            Expr::Slice(slice) => {
                let size = self.expression(&slice.expr)?;
                self.make(size)
            }
            Expr::UnaryOp(unary) => self.expression(&unary.expr),
            Expr::Compare(compare) => {
                self.expression(&compare.expr)?;
                for other in &compare.ops {
                    self.expression(&other.expr)?;
                }
                Ok(SMALL)
            }
            Expr::IfExpr(either) => {
                self.expression(&either.test_expr)?;
                let no = either.false_expr.as_ref().map_or(Ok(0), |no| self.expression(no))?;
                Ok(self.expression(&either.true_expr)?.max(no))
            }
            Expr::Test(test) => {
                self.expression(&test.expr)?;
                self.arguments(&test.args)?;
                Ok(SMALL)
            }
            Expr::Filter(filter) => {
                let base = filter.expr.as_ref().map_or(Ok(0), |base| self.expression(base))?;
                self.filter(filter.name, base, &filter.args)
            }
            Expr::BinOp(operation) => {
                let (left, right) = (self.expression(&operation.left)?, self.expression(&operation.right)?);
                let size = match operation.op {
                    BinOpKind::ScAnd | BinOpKind::ScOr => return Ok(left.max(right)),
                    BinOpKind::Mul => repeated(&operation.left, &operation.right, left, right),
                    _ => left.saturating_add(right),
                };
                self.make(size)
            }
            Expr::Call(call) => {
                let arguments = self.arguments(&call.args)?;
                let whole = self.names.iter().map(|(_, size)| *size).fold(0, u64::saturating_add);
                let size = match &call.expr {
                    Expr::Var(name) if name.id == "range" => RANGE,
                    Expr::Var(name) if name.id == "debug" => whole.saturating_mul(8),
                    other => self.expression(other)?.saturating_add(arguments),
                };
                self.make(size)
            }
            Expr::List(list) => {
                let mut size = SMALL;
                for item in &list.items {
                    size = size.saturating_add(self.expression(item)?);
                }
                self.make(size)
            }
            Expr::Map(map) => {
                let mut size = SMALL;
                for item in map.keys.iter().chain(&map.values) {
                    size = size.saturating_add(self.expression(item)?);
                }
                self.make(size)
            }
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) -> Size {
        let mut size = 0_u64;
        for argument in arguments {
            let (CallArg::Pos(value)
            | CallArg::Kwarg(_, value)
            | CallArg::PosSplat(value)
            | CallArg::KwargSplat(value)) = argument;
            // A number may be a width or a length.
            let number = as_number(value).unwrap_or(0);
            size = size.saturating_add(self.expression(value)?.max(number));
        }
        Ok(size)
    }

    /// The largest result of a filter: each character of the value may become an argument.
    fn filter(&mut self, name: &str, base: u64, arguments: &[CallArg<'_>]) -> Size {
        let arguments = self.arguments(arguments)?;
        let size = match name {
            "replace" | "join" | "indent" | "map" | "format" => base.saturating_mul(arguments.saturating_add(1)),
            "list" | "split" | "lines" | "batch" | "slice" | "items" | "dictsort" | "groupby" | "zip" | "chain" => {
                base.saturating_add(arguments).saturating_mul(LISTED)
            }
            "length" | "count" | "round" | "abs" | "int" | "float" | "bool" | "sum" => SMALL,
            "default" | "d" | "first" | "last" | "min" | "max" => return Ok(base.max(arguments)),
            "escape" | "e" | "tojson" | "urlencode" | "pprint" => base.saturating_mul(6),
            _ => base.saturating_add(arguments).saturating_mul(2),
        };
        self.make(size.saturating_add(SMALL))
    }
}

fn as_number(value: &Expr<'_>) -> Option<u64> {
    match value {
        Expr::Const(value) => u64::try_from(value.value.as_i64()?).ok(),
        _ => None,
    }
}

/// The size of a product: a number, or a text repeated as often as the number says.
fn repeated(one: &Expr<'_>, other: &Expr<'_>, one_size: u64, other_size: u64) -> u64 {
    match (as_number(one), as_number(other)) {
        (Some(_), Some(_)) => SMALL,
        (Some(times), None) => other_size.saturating_mul(times),
        (None, Some(times)) => one_size.saturating_mul(times),
        (None, None) => one_size.saturating_add(other_size),
    }
}

#[cfg(test)]
mod tests {
    use super::grows;

    #[test]
    fn ordinary_templates_may_be_rendered() {
        for template in [
            "Refund {{ request.amount }} EUR, order {{ request.orderId }}?",
            "{% for item in request.items %}{{ item.name }} × {{ item.count * item.price }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "{% set name = request.first ~ ' ' ~ request.last %}{{ name | upper | replace('A', 'B') }}",
            "{{ request.items | map(attribute='name') | join(', ') }}",
            "{{ (request.cents * 100) | round(2) }}{{ '-' * 20 }}{{ request.note | default('none') | trim }}",
            "{% if request.amount > 1000 %}{{ '%s EUR' | format(request.amount) }}{% endif %}",
            "{% set all %}{% for item in request.items %}{{ item.name }}, {% endfor %}{% endset %}{{ all | trim }}",
            "{{ broken",
        ] {
            for size in [200, 4_096, 262_144] {
                assert_eq!(grows(template, size), None, "{size}: {template}");
            }
        }
    }

    #[test]
    fn a_template_that_doubles_a_value_is_refused() {
        let set = "{% set a = a ~ a %}".repeat(24);
        let captured = "{% set a %}{{ a }}{{ a }}{% endset %}".repeat(24);
        let nested = format!("{}{}", "{% for a in [a ~ a] %}".repeat(24), "{% endfor %}".repeat(24));
        let with = format!("{}{}", "{% with a = a + a %}".repeat(24), "{% endwith %}".repeat(24));
        let macros = "{% macro d(x) %}{{ x }}{{ x }}{% endmacro %}{{ d(d(d(1))) }}";
        for template in [
            format!("{{% set a = 'aaaa' %}}{set}"),
            format!("{{% set a = 'aaaa' %}}{captured}"),
            format!("{{% set a = 'aaaa' %}}{nested}"),
            format!("{{% set a = 'aaaa' %}}{with}"),
            "{% set a = 'aaaa' %}{% for n in range(24) %}{% set a = a ~ a %}{% endfor %}".to_owned(),
            "{% set s = namespace(a='a') %}{% for n in range(24) %}{% set s.a = s.a ~ s.a %}{% endfor %}".to_owned(),
            "{{ 'aaaaaaaaaa' * 90000000 }}".to_owned(),
            format!("{{{{ request.a{} }}}}", format!(" | replace('a', '{}')", "a".repeat(100)).repeat(4)),
            "{{ 'a\na' | indent(900000000) }}".to_owned(),
            macros.to_owned(),
        ] {
            assert!(grows(&template, 4_096).is_some(), "{template}");
        }
    }
}
