"""The request bodies. Strict: no coercion, no unknown field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from streamspace_sandbox.streamspace.api import field_formats

UserName = Annotated[str, AfterValidator(field_formats.user_name)]
TemplateName = Annotated[str, AfterValidator(field_formats.template_name)]
Image = Annotated[str, AfterValidator(field_formats.image_reference)]
Cpu = Annotated[str, AfterValidator(field_formats.cpu)]
Memory = Annotated[str, AfterValidator(field_formats.memory)]
Line = Annotated[str, Field(max_length=120), AfterValidator(field_formats.printable)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(field_formats.printable)]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Login(Body):
    username: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(field_formats.printable)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class NewUser(Body):
    """An ordinary user; what people are called besides is not kept."""

    username: UserName
    password: Annotated[str, Field(min_length=8, max_length=1024)]
    email: Line = ""
    full_name: Line = Field("", alias="fullName")


class PartialResources(Body):
    """Resources; absent fields come from the template."""

    cpu: Cpu = ""
    memory: Memory = ""


class Resources(Body):
    cpu: Cpu
    memory: Memory


class Vnc(Body):
    port: Port = 5900


class NewSession(Body):
    user: UserName
    # Only looked up, so any text is allowed: it is then an unknown template.
    template: Annotated[str, Field(min_length=1, max_length=253), AfterValidator(field_formats.printable)]
    resources: PartialResources = PartialResources()


class NewTemplate(Body):
    name: TemplateName
    display_name: Line = Field("", alias="displayName")
    description: Text = ""
    image: Image
    category: Line = ""
    resources: Resources
    vnc: Vnc = Vnc()


class TemplateChange(Body):
    """The body of a PUT. Absent fields keep their value; `null` is not a value."""

    name: TemplateName = ""
    display_name: Line = Field("", alias="displayName")
    description: Text = ""
    image: Image = ""
    category: Line = ""
    resources: PartialResources = PartialResources()
    vnc: Vnc = Vnc()
