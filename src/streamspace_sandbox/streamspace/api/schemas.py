"""The bodies that requests may have. Strict: no coercion, no unknown field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from streamspace_sandbox.streamspace.api import grammar

UserName = Annotated[str, AfterValidator(grammar.user_name)]
TemplateName = Annotated[str, AfterValidator(grammar.template_name)]
Image = Annotated[str, AfterValidator(grammar.image_reference)]
Cpu = Annotated[str, AfterValidator(grammar.cpu)]
Memory = Annotated[str, AfterValidator(grammar.memory)]
Line = Annotated[str, Field(max_length=120), AfterValidator(grammar.printable)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(grammar.printable)]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Login(Body):
    username: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(grammar.printable)]
    password: Annotated[str, Field(min_length=1, max_length=1024)]


class PartialResources(Body):
    """Resources of which the template supplies what is absent."""

    cpu: Cpu = ""
    memory: Memory = ""


class Resources(Body):
    cpu: Cpu
    memory: Memory


class Vnc(Body):
    port: Port = 5900


class NewSession(Body):
    user: UserName
    # Only looked up: whatever is no template's name is an unknown template.
    template: Annotated[str, Field(min_length=1, max_length=253), AfterValidator(grammar.printable)]
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
    """What a PUT may hold. Absent fields keep their value; `null` is no value."""

    name: TemplateName = ""
    display_name: Line = Field("", alias="displayName")
    description: Text = ""
    image: Image = ""
    category: Line = ""
    resources: PartialResources = PartialResources()
    vnc: Vnc = Vnc()
