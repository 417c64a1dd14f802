//! Rules that every provider has, whichever its format.

use std::collections::{HashMap, VecDeque};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// `Err` says which rule is broken.
pub type Verdict = Result<(), String>;

/// Fails with words unless `holds`.
pub fn require(holds: bool, words: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(words()) }
}

/// The body is an object with no field but these, and it asks for a stream of a model.
pub fn fields(body: &Value, known: &[&str]) -> Verdict {
    let fields = body.as_object().ok_or("the body is no object")?;
    for name in fields.keys() {
        require(known.contains(&name.as_str()), || format!("unknown field `{name}`"))?;
    }
    require(text(body, "model").is_some(), || "`model` is missing".into())?;
    require(body["stream"] == true, || "`stream` is not true".into())
}

/// A field that is a text and not blank.
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

/// The name of a tool in a call: vendors refuse others than these, and go on refusing the conversation.
pub fn call_name(value: &Value) -> Verdict {
    let name = text(value, "name").ok_or_else(|| format!("a call has no name: {value}"))?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    require(plain && name.len() <= 64, || format!("the name of a call is not taken: {name:?}"))
}

/// A field that is a list and not empty.
pub fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    match value.get(name).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => Ok(list),
        _ => Err(format!("`{name}` is missing or empty in {value}")),
    }
}

/// A positive number.
pub fn positive(body: &Value, name: &str) -> Verdict {
    require(body[name].as_u64().is_some_and(|number| number > 0), || {
        format!("`{name}` is missing or not positive")
    })
}

/// Keys are where the format wants them.
pub fn key_header(headers: &HashMap<String, String>, wanted: &str, foreign: &str) -> Verdict {
    require(!headers.contains_key(foreign), || format!("the key is in `{foreign}` instead of `{wanted}`"))
}

/// A schema of parameters.
pub fn schema(schema: &Value) -> Verdict {
    require(schema["type"] == "object", || format!("a tool's schema is no object: {schema}"))
}

/// Names of the tools, each with a schema; a choice only where there is something to choose.
pub fn tools<'a>(body: &'a Value, of: impl Fn(&'a Value) -> (&'a Value, &'a Value)) -> Verdict {
    if body.get("tools").is_none() {
        return require(body.get("tool_choice").is_none(), || "`tool_choice` without `tools`".into());
    }
    let mut names = Vec::new();
    for tool in list(body, "tools")? {
        let (name, parameters) = of(tool);
        let name = name.as_str().filter(|name| !name.is_empty()).ok_or("a tool has no name")?;
        require(!names.contains(&name), || format!("two tools are called `{name}`"))?;
        names.push(name);
        schema(parameters)?;
    }
    Ok(())
}

/// Calls that wait for their results, in order.
#[derive(Debug, Default)]
pub struct OpenCalls(pub VecDeque<String>);

impl OpenCalls {
    /// A call is made.
    pub fn call(&mut self, id: Option<&str>) -> Verdict {
        let id = id.ok_or("a call has no id")?;
        require(!self.0.iter().any(|open| open == id), || format!("two calls have the id {id}"))?;
        self.0.push_back(id.to_owned());
        Ok(())
    }

    /// A result comes: it has to be that of the oldest open call.
    pub fn result(&mut self, id: Option<&str>) -> Verdict {
        let id = id.ok_or("a result names no call")?;
        match self.0.pop_front() {
            Some(open) if open == id => Ok(()),
            Some(open) => Err(format!("the result of {id} stands where that of {open} belongs")),
            None => Err(format!("a result without its call: {id}")),
        }
    }

    /// Nothing may be open here.
    pub fn none(&self) -> Verdict {
        require(self.0.is_empty(), || format!("calls without a result: {:?}", self.0))
    }
}

/// The field that marks a block for Anthropic's cache.
pub const MARK: &str = "cache_control";

/// What a request sent, byte for byte and without cache marks, to be compared with the next of its session.
#[derive(Debug)]
pub struct Sent {
    /// Which session it belongs to.
    pub session: String,
    pub head: Vec<String>,
    pub items: Vec<String>,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
    #[serde(borrow)]
    instructions: Option<&'a RawValue>,
    #[serde(borrow)]
    system: Option<&'a RawValue>,
    #[serde(borrow, alias = "messages", default)]
    input: Vec<&'a RawValue>,
    #[serde(default)]
    prompt_cache_key: String,
}

impl Sent {
    /// Reads a body; `None` where it is no request.
    pub fn of(body: &[u8]) -> Option<Self> {
        let raw: Raw<'_> = serde_json::from_slice(body).ok()?;
        let text = |value: Option<&RawValue>| value.map(|value| unmarked(value.get())).unwrap_or_default();
        Some(Self {
            session: raw.prompt_cache_key,
            head: [raw.model, raw.tools, raw.instructions, raw.system].map(text).into(),
            items: raw.input.into_iter().map(|item| unmarked(item.get())).collect(),
        })
    }

    /// Size of what is compared, in bytes.
    pub fn bytes(&self) -> usize {
        self.head.iter().chain(&self.items).map(String::len).sum()
    }

    /// How much of this request, from its beginning on, `before` had sent, in bytes.
    pub fn repeated(&self, before: &Self) -> usize {
        if self.head != before.head {
            return 0;
        }
        let items = self.items.iter().zip(&before.items).take_while(|(new, old)| new == old);
        self.head.iter().chain(items.map(|(item, _)| item)).map(String::len).sum()
    }

    /// Whether this request begins with all that `before` sent.
    pub fn continues(&self, before: &Self) -> Verdict {
        require(self.head == before.head, || {
            "model, tools or instructions changed without a boundary".into()
        })?;
        let same = before.items.iter().zip(&self.items).take_while(|(old, new)| old == new).count();
        require(same == before.items.len(), || {
            let (old, new) = (before.items.get(same), self.items.get(same));
            format!("the prefix changed at item {same} without a boundary: {old:?} became {new:?}")
        })
    }
}

/// JSON without cache marks, which move from request to request. In a text the quotes would be escaped.
pub fn unmarked(json: &str) -> String {
    let begin = format!(",\"{MARK}\":{{");
    let (mut rest, mut without) = (json, String::with_capacity(json.len()));
    while let Some((before, mark)) = rest.split_once(&begin) {
        without.push_str(before);
        rest = mark.split_once('}').map_or("", |(_, behind)| behind);
    }
    without + rest
}
