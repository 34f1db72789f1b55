"""The words that every programme starts with: version 0 of each template."""

from collections.abc import Mapping

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.locales import EN, ZH_CN
from services.notifications.domain.wording import Wording

DEFAULTS: Mapping[tuple[CauseKind, str], Wording] = {
    (CauseKind.ENROLLED, ZH_CN): Wording(
        "欢迎加入",
        "您已于{{ happened_on }}成为{{ tier_name }}会员，会员号{{ member_number }}。"
        "付款时出示会员码即可累积积分。",
    ),
    (CauseKind.ENROLLED, EN): Wording(
        "Welcome",
        "You joined on {{ happened_on }} as a {{ tier_name }} member. Your number is "
        "{{ member_number }}. Show your member code when you pay to collect points.",
    ),
    (CauseKind.TIER_UP, ZH_CN): Wording(
        "恭喜升级为{{ tier_name }}",
        "自{{ happened_on }}起，您从{{ from_tier_name }}升级为{{ tier_name }}会员，"
        "新的权益已经生效。",
    ),
    (CauseKind.TIER_UP, EN): Wording(
        "You are now {{ tier_name }}",
        "On {{ happened_on }} you rose from {{ from_tier_name }} to {{ tier_name }}. "
        "Your new benefits are ready.",
    ),
    (CauseKind.REWARD_POINTS, ZH_CN): Wording(
        "获得{{ points | grouped }}积分",
        "“{{ campaign_name }}”活动赠送您{{ points | grouped }}积分（{{ happened_on }}）。"
        "{{ explanation }}",
    ),
    (CauseKind.REWARD_POINTS, EN): Wording(
        "{{ points | grouped }} points for you",
        "{{ campaign_name }} gave you {{ points | grouped }} points on {{ happened_on }}. "
        "{{ explanation }}",
    ),
    (CauseKind.REWARD_GIFT, ZH_CN): Wording(
        "您有一份礼品：{{ gift_name }}",
        "“{{ campaign_name }}”活动赠送您{{ gift_name }}（{{ happened_on }}），"
        "请到服务台领取。{{ explanation }}",
    ),
    (CauseKind.REWARD_GIFT, EN): Wording(
        "A gift for you: {{ gift_name }}",
        "{{ campaign_name }} gave you {{ gift_name }} on {{ happened_on }}. "
        "Collect it at the service desk. {{ explanation }}",
    ),
    (CauseKind.POINTS_EXPIRING, ZH_CN): Wording(
        "{{ points | grouped }}积分即将到期",
        "其中{{ first_points | grouped }}积分的最后可用日为{{ first_day }}"
        "{% if first_points < points %}，其余积分在{{ last_day }}前陆续到期{% endif %}。"
        "请尽早使用。",
    ),
    (CauseKind.POINTS_EXPIRING, EN): Wording(
        "{{ points | grouped }} points will end soon",
        "{{ first_points | grouped }} points can be used until {{ first_day }}"
        "{% if first_points < points %}, the rest until {{ last_day }} at the latest{% endif %}. "
        "Use them in time.",
    ),
}
