//! One operation of the API as the document has it: what it needs, takes and answers, in short words.
//! Knows no operation.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Callback, HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Schema, Type, path,
};
use utoipa::{PartialSchema, ToSchema};

use super::problems::{ACCEPTED, FAILURES, Group, MISMATCH, PURGED, SLOW, Shape};
use crate::bodies::{All, Page};

/// The names of the ways to show a key, which all operations have in common.
pub(super) const SCHEMES: [&str; 2] = ["bearer", "apiKey"];

/// The schemas that a part of the document refers to, by their names.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

/// An operation that is being described.
pub(super) struct Operation {
    pub(super) method: HttpMethod,
    pub(super) path: &'static str,
    pub(super) schemas: Schemas,
    /// What can go wrong.
    pub(super) problems: Vec<Group>,
    /// In whose words that is told.
    pub(super) shape: Shape,
    inner: OperationBuilder,
    answers: Vec<(u16, ResponseBuilder)>,
    security: Vec<SecurityRequirement>,
}

pub(super) fn get(path: &'static str, id: &str, summary: &str) -> Operation {
    Operation::new(HttpMethod::Get, path, (id, summary))
}

pub(super) fn post(path: &'static str, id: &str, summary: &str) -> Operation {
    Operation::new(HttpMethod::Post, path, (id, summary))
}

pub(super) fn put(path: &'static str, id: &str, summary: &str) -> Operation {
    Operation::new(HttpMethod::Put, path, (id, summary))
}

pub(super) fn delete(path: &'static str, id: &str, summary: &str) -> Operation {
    Operation::new(HttpMethod::Delete, path, (id, summary))
}

impl Operation {
    fn new(method: HttpMethod, path: &'static str, (id, summary): (&str, &str)) -> Self {
        let inner = OperationBuilder::new().operation_id(Some(id)).summary(Some(summary));
        let inner = inner.parameter_ref(Ref::new("#/components/parameters/X-Request-Id"));
        let (schemas, problems, answers) = (Vec::new(), Vec::new(), Vec::new());
        let (shape, security) = (Shape::Standard, Vec::new());
        Self { method, path, schemas, problems, shape, inner, answers, security }
    }

    fn change(self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        Self { inner: change(self.inner), ..self }
    }

    /// Its errors are in these words.
    pub(super) fn in_words_of(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    pub(super) fn describe(self, text: &str) -> Self {
        self.change(|inner| inner.description(Some(text)))
    }

    /// A key with this scope. Named again, one of them is enough.
    pub(super) fn needs(mut self, scope: &str) -> Self {
        self.security.extend(SCHEMES.map(|scheme| SecurityRequirement::new(scheme, [scope])));
        self
    }

    /// Any key that is good.
    pub(super) fn needs_a_key(mut self) -> Self {
        let none: [&str; 0] = [];
        self.security.extend(SCHEMES.map(|scheme| SecurityRequirement::new(scheme, none)));
        self
    }

    /// No key at all.
    pub(super) fn without_key(mut self) -> Self {
        self.security.push(SecurityRequirement::default());
        self
    }

    /// A part of the path.
    pub(super) fn at<T: ToSchema>(mut self, name: &str, about: &str) -> Self {
        let schema = component::<T>(&mut self.schemas);
        self.parameter(ParameterIn::Path, name, (schema, about))
    }

    /// A part of the path that is a plain text.
    pub(super) fn at_text(self, name: &str, about: &str) -> Self {
        self.parameter(ParameterIn::Path, name, (text().min_length(Some(1)).into(), about))
    }

    /// A parameter in the query.
    pub(super) fn query(self, name: &str, schema: impl Into<RefOr<Schema>>, about: &str) -> Self {
        self.parameter(ParameterIn::Query, name, (schema.into(), about))
    }

    /// The same of a type.
    pub(super) fn query_of<T: ToSchema>(mut self, name: &str, about: &str) -> Self {
        let schema = component::<T>(&mut self.schemas);
        self.query(name, schema, about)
    }

    /// A header of the request.
    pub(super) fn header(self, name: &str, schema: ObjectBuilder, about: &str) -> Self {
        self.parameter(ParameterIn::Header, name, (schema.into(), about))
    }

    fn parameter(
        self,
        place: ParameterIn,
        name: &str,
        (schema, about): (RefOr<Schema>, &str),
    ) -> Self {
        let required = if place == ParameterIn::Path { Required::True } else { Required::False };
        let parameter: Parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .schema(Some(schema))
            .description(Some(about))
            .build();
        self.change(|inner| inner.parameter(parameter))
    }

    /// A body of JSON that must be there.
    pub(super) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = component::<T>(&mut self.schemas);
        self.body("application/json", schema, Required::True)
    }

    /// A body of JSON that may be left out.
    pub(super) fn may_take<T: ToSchema>(mut self) -> Self {
        let schema = component::<T>(&mut self.schemas);
        self.body("application/json", schema, Required::False)
    }

    /// A body of several types.
    pub(super) fn takes_any(self, contents: &[(&str, Schema)]) -> Self {
        let body = contents.iter().fold(RequestBodyBuilder::new(), |body, (kind, schema)| {
            body.content(*kind, Content::new(Some(schema.clone())))
        });
        self.change(|inner| inner.request_body(Some(body.build())))
    }

    fn body(self, kind: &str, schema: RefOr<Schema>, required: Required) -> Self {
        let content: Content = ContentBuilder::new().schema(Some(schema)).build();
        let body = RequestBodyBuilder::new().content(kind, content).required(Some(required));
        self.change(|inner| inner.request_body(Some(body.build())))
    }

    /// An answer of JSON.
    pub(super) fn answers<T: ToSchema>(mut self, status: u16, about: &str) -> Self {
        let schema = component::<T>(&mut self.schemas);
        self.gives(status, about, ("application/json", schema))
    }

    /// A page of a list, of which the last has no cursor.
    pub(super) fn answers_page<T: ToSchema>(mut self, about: &str) -> Self {
        component::<T>(&mut self.schemas);
        self.gives(200, about, ("application/json", Page::<T>::schema()))
    }

    /// All of a list.
    pub(super) fn answers_all<T: ToSchema>(mut self, about: &str) -> Self {
        component::<T>(&mut self.schemas);
        self.gives(200, about, ("application/json", All::<T>::schema()))
    }

    /// An answer of any type.
    pub(super) fn gives(
        self,
        status: u16,
        about: &str,
        (kind, schema): (&str, RefOr<Schema>),
    ) -> Self {
        self.answer(status, about, |answer| answer.content(kind, Content::new(Some(schema))))
    }

    /// An answer without a body.
    pub(super) fn ends(self, status: u16, about: &str) -> Self {
        self.answer(status, about, |answer| answer)
    }

    fn answer(
        mut self,
        status: u16,
        about: &str,
        fill: impl FnOnce(ResponseBuilder) -> ResponseBuilder,
    ) -> Self {
        let answer = fill(ResponseBuilder::new().description(about));
        let id = Ref::new("#/components/headers/X-Request-Id");
        self.answers.push((status, answer.header_ref("X-Request-Id", id)));
        self
    }

    /// Another type that the last answer may have.
    pub(super) fn also_as(mut self, kind: &str, schema: impl Into<RefOr<Schema>>) -> Self {
        let (status, answer) = self.answers.pop().expect("a type belongs to an answer");
        self.answers.push((status, answer.content(kind, Content::new(Some(schema)))));
        self
    }

    /// A header of the last answer.
    pub(super) fn with(mut self, name: &str, about: &str) -> Self {
        let (status, answer) = self.answers.pop().expect("a header belongs to an answer");
        self.answers.push((status, answer.header(name, header(about).build())));
        self
    }

    /// What can go wrong.
    pub(super) fn fails(mut self, groups: &[Group]) -> Self {
        self.problems.extend(groups);
        self
    }

    /// It may be sent again under a key, and is answered as at first. Told of the last answer.
    pub(super) fn may_be_repeated(self) -> Self {
        let key = text().min_length(Some(1)).max_length(Some(255)).pattern(Some("^[!-~]+$"));
        self.header(
            "Idempotency-Key",
            key,
            "Makes the request safe to send again: with the same key and the same body the answer is that \
             of the first, and nothing is begun anew.",
        )
        .with("Idempotency-Replayed", "`true`: this is the answer to an earlier request.")
        .fails(&[MISMATCH, PURGED])
    }

    /// With what can go wrong wherever a key is asked for, or a body is read.
    pub(super) fn complete(mut self) -> Self {
        let has = |problems: &[Group], status: u16| {
            problems.iter().any(|group| group.status().as_u16() == status)
        };
        if has(&self.problems, 401) && !has(&self.problems, 429) {
            self.problems.push(FAILURES);
        }
        if has(&self.problems, 413) {
            self.problems.push(SLOW);
        }
        // One that is accepted may be told of in both ways.
        if self.problems.iter().any(|group| group.name() == ACCEPTED.name()) {
            self.problems.retain(|group| group.name() != PURGED.name());
        }
        self
    }

    /// Whom it has called back, and with what.
    pub(super) fn calls_back(self, name: &str, callback: Callback) -> Self {
        self.change(|inner| inner.callback(name, callback))
    }

    pub(super) fn build(self, tag: &str) -> path::Operation {
        let mut inner = self.inner.tag(tag).securities(Some(self.security));
        for (status, answer) in self.answers {
            inner = inner.response(status.to_string(), answer);
        }
        for group in self.problems {
            let status = group.status().as_u16().to_string();
            inner = inner.response(status, Ref::from_response_name(group.name_in(self.shape)));
        }
        inner.build()
    }
}

/// A reference to the schema of a type, which is put to the others with all that it refers to.
pub(super) fn component<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
    Ref::from_schema_name(T::name()).into()
}

pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(super) fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

/// A whole number within a range.
pub(super) fn whole(min: u64, max: u64) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(min)).maximum(Some(max))
}

/// Anything at all.
pub(super) fn anything() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
}

/// Bytes that are what they are.
pub(super) fn bytes() -> Schema {
    ObjectBuilder::new()
        .schema_type(SchemaType::AnyValue)
        .content_media_type("application/octet-stream")
        .into()
}

pub(super) fn header(about: &str) -> HeaderBuilder {
    HeaderBuilder::new().schema(Some(text())).description(Some(about))
}
