"""Why finance's books refuse: liability, clearing, exports, imports."""

from shared.errors import Conflict, Forbidden, NotFound, Rejected


class LiabilityDayUnknown(NotFound):
    """The day is not over, or has not been written down yet."""


class DaysReversed(Rejected):
    """The first day lies after the last."""


class ClearingPriceMissing(Rejected):
    """Units of a wallet were burned at a time without a price; set one that begins early enough."""


class ClearingPriceInPast(Rejected):
    """A price cannot begin before what has been netted."""


class PageStartIncomplete(Rejected):
    """A page begins after an instant and a wallet: one without the other names no price."""


class ClearingPeriodNotOver(Rejected):
    """A period can be netted when it is over and settled, and after the one before it."""


class ClearingStatementUnknown(NotFound):
    """No such statement."""


class TooManyExports(Conflict):
    """So many files are being written that another must wait."""


class ExportUnknown(NotFound):
    """No such export, or its file was dropped."""


class ExportNotReady(Conflict):
    """The file is still being written; the facts say how far it is."""


class ImportUnknown(NotFound):
    """No such import."""


class ImportInWrongState(Conflict):
    """The import is past this step, or not there yet; the facts say where it is."""


class ImportOfAnother(Forbidden):
    """Only who began an import sends its parts and begins its dry run: a second person commits."""


class CommittedByMaker(Forbidden):
    """Who began an import cannot commit it."""


class ImportPartMissing(Rejected):
    """Parts are numbered from 1 without gaps, and there is at least one."""


class ImportHashDiffers(Rejected):
    """The parts that came are not what was told; the facts say both hashes."""


class ImportNotAgreed(Conflict):
    """What is committed is not what the dry run found; the facts say what that was."""
