"""What can be wrong with templates, messages and what is heard."""

from shared.errors import NotFound, Rejected


class TemplateMalformed(Rejected):
    """The template cannot be read."""


class TemplateConstructRefused(Rejected):
    """The template uses something that message templates may not."""


class TemplateVariableUnknown(Rejected):
    """The template names a variable that its cause does not offer."""


class TemplateVariableMissing(Rejected):
    """A preview must be given every variable of the cause, or none."""


class TemplateVariableWrong(Rejected):
    """A preview's variable is not of the declared kind."""


class TemplateBlank(Rejected):
    """The template renders to nothing."""


class TemplateVersionUnknown(NotFound):
    """The template has no such version."""


class ChannelUnavailableHere(Rejected):
    """This deployment does not work the channel."""


class MemberUnknown(NotFound):
    """No member of this programme has this id."""


class MessageUnknown(NotFound):
    """No message of this programme has this id for this caller."""


class RewardIncomplete(Rejected):
    """A reward of this kind lacks what it is about."""


class TimeZoneUnknown(Rejected):
    """The mall's time zone is not in the IANA database."""
